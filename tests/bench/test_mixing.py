from __future__ import annotations

import numpy as np
import pytest

from bench.mixing import _HARVEST, _ORDINARY, _REFERENCE, Discrepancy, comparable, gauger_cells
from bench.tied import UNTIED, Account

ORDINARY = _REFERENCE + _ORDINARY


def _quiet() -> list[Account]:
    return [Account(100, score, named=False, guilty=False) for score in np.linspace(-9, 0, 1_001)]


def test_an_account_counts_by_its_strongest_tie() -> None:
    campaign = [
        Account(90, 3.0, named=True, guilty=True),
        Account(90, -1.0, named=True, guilty=True),
        Account(90, UNTIED, named=False, guilty=True),
        Account(90, 2.0, named=False, guilty=False),
        Account(90, -5.0, named=False, guilty=False),
    ]
    scores, alerts = gauger_cells("drip", 0.05, campaign, _quiet())
    assert (scores.found, scores.tried, scores.accused, scores.honest) == (1, 3, 1, 2)
    assert (alerts.found, alerts.tried, alerts.accused, alerts.honest) == (2, 3, 0, 2)


def test_three_in_a_thousand_quiet_accounts_are_above_the_threshold() -> None:
    scores, _ = gauger_cells("drip", 0.05, _quiet(), _quiet())
    assert scores.accused == pytest.approx(3, abs=1)


def test_busier_and_quieter_accounts_are_not_compared() -> None:
    accounts = [Account(n, 0.0, named=False, guilty=True) for n in (3, 50, 200, 201)]
    assert [one.requests for one in comparable(accounts)] == [50, 200]


def test_windows_with_texts_of_another_kind_stand_out_the_more_of_them_there_are() -> None:
    random = np.random.default_rng(3)
    vectors = random.normal(0.0, 1.0, (ORDINARY + _HARVEST, 16))
    vectors[ORDINARY:] = 0.1 * vectors[ORDINARY:] + 2.0
    discrepancy = Discrepancy(vectors, random)
    harvest = np.arange(ORDINARY, ORDINARY + _HARVEST)
    medians = [np.median(discrepancy.windows(harvest, mixed, 60)) for mixed in (0, 20, 100)]
    assert medians == sorted(medians)
    assert medians[2] > discrepancy.windows(harvest, 0, 60).max()
