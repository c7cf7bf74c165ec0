from __future__ import annotations

import numpy as np
import pytest

from bench.fit_tie_score import LEARNING_EPOCHS
from bench.peers.intervals import poisson
from bench.quiet import LEVELS, Quiet, Values, pooled
from models.ties.values import TieValues
from stream.replay.outcome import Outcome


def _tests(epoch: int, p_values: list[float]) -> Outcome:
    none = np.zeros(len(p_values), np.int64)
    values = TieValues(
        none.astype(np.uint64), none, none, none.astype(np.float64),
        np.array(p_values), [None] * len(p_values),
    )  # fmt: skip
    return Outcome([], [], [], values=[(epoch, values)])


def test_tests_count_from_the_end_of_learning_on() -> None:
    values = Values()
    for epoch in (500, 500 + LEARNING_EPOCHS, 501 + LEARNING_EPOCHS):
        values(_tests(epoch, [0.001, 0.4, 1.0]))
    assert values.tests == 3
    assert dict(zip(LEVELS, values.reached.tolist(), strict=True)) == {
        level: (level >= 0.001) + (level >= 0.4) + (level >= 1.0) for level in LEVELS
    }


def test_alerts_of_all_runs_are_pooled() -> None:
    runs = [
        Quiet("fortnight", seed, "", 2_000_000, 14.0, after, 0, [])
        for seed, after in ((1, [3.0]), (2, []))
    ]
    found = pooled(runs)
    assert (found.false_alerts, found.per_million) == (1, 0.25)
    assert found.per_day == pytest.approx(1 / 28)


def test_a_count_is_told_with_what_may_lie_behind_it() -> None:
    assert poisson(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson(4) == pytest.approx((1.090, 10.242), abs=1e-3)
