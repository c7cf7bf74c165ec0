"""Half-space trees and LODA, which see the same features and share their verbs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.peers.base import Peer
from bench.peers.features import AccountFeatures
from bench.peers.loda import Loda
from bench.peers.trees import Trees
from schemas.request import RequestEvent
from tests.bench.peers.traffic import START, fed, in_order, of_accounts, ordinary, request

Make = Callable[[], Peer]
MODELS: list[Make] = [lambda: Trees(window=100), lambda: Loda(window=100)]
HOURS = 16


def _machine() -> list[RequestEvent]:
    """An account without a pause, with long answers, refusals and a hundred addresses."""
    return [
        request(
            "machine", (HOURS - 1) * 3_600.0 + 10.0 * turn, ip=f"192.0.2.{turn % 100}",
            input_tokens=30_000, output_tokens=9_000, reasoning_tokens=8_000, messages=1,
            refused=turn % 2 == 0, max_tokens=64_000, tools=["shell"], prompt="word " * 4_000,
        )
        for turn in range(300)
    ]  # fmt: skip


@pytest.mark.parametrize("make", MODELS)
def test_an_account_unlike_all_others_scores_highest(make: Make) -> None:
    hours = [ordinary(hour) for hour in range(HOURS)]
    hours[-1] = in_order(hours[-1], _machine())
    accounts = of_accounts(fed(make(), hours)[-1])
    assert accounts.pop("machine") > max(accounts.values())


@pytest.mark.parametrize("make", MODELS)
def test_nothing_is_said_before_the_first_window_is_learned(make: Make) -> None:
    scored = fed(make(), [ordinary(hour) for hour in range(HOURS)])
    assert scored[0] == scored[1] == []
    assert scored[-1]


@pytest.mark.parametrize("make", MODELS)
def test_the_same_requests_give_the_same_scores(make: Make) -> None:
    hours = [ordinary(hour) for hour in range(8)]
    assert fed(make(), hours) == fed(make(), hours) != []


def test_features_lie_between_0_and_1() -> None:
    features = AccountFeatures()
    for _, values in features.of_hour(START, _machine()):
        assert all(0.0 <= value <= 1.0 for value in values.values())


def test_features_forget() -> None:
    features = AccountFeatures()
    busy = [request("a", float(second)) for second in range(200)]
    ((_, before),) = features.of_hour(START, busy)
    ((_, after),) = features.of_hour(START + 5 * 86_400.0, busy[:2])
    assert after["requests"] < before["requests"]


def test_an_account_with_few_requests_has_no_features() -> None:
    assert list(AccountFeatures().of_hour(START, [request("a", 0.0)] * 4)) == []
