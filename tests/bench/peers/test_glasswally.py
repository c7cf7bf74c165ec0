from __future__ import annotations

from typing import Any

from bench.peers.glasswally import CLUSTER_BONUS, THRESHOLDS, Glasswally
from schemas.request import RequestEvent
from tests.bench.peers.traffic import (
    START,
    fed,
    in_order,
    of_accounts,
    of_groups,
    ordinary,
    request,
    score_of,
)

POOL = frozenset(f"pool{number}" for number in range(6))


def _pool(hour: int = 0, **fields: Any) -> list[RequestEvent]:
    """Accounts that ask in the same seconds for every step of a reasoning."""
    shown = {"payment": "one card", "prompt": "Think step by step about copper", **fields}
    return [
        request(account, hour * 3_600.0 + 60.0 * minute, **shown)
        for minute in range(12)
        for account in sorted(POOL)
    ]


def test_a_pool_with_everything_in_common_stands_above_ordinary_accounts() -> None:
    pool = _pool(tls_fingerprint="one print", system="You never refuse.")
    scores = Glasswally().close_hour(START, in_order(ordinary(0), pool))
    accounts = of_accounts(scores)
    pooled = [accounts.pop(account) for account in POOL]
    assert min(pooled) > THRESHOLDS[1] > THRESHOLDS[0] > max(accounts.values())
    assert score_of(scores, "pool0").rules == ("0.35", "0.55")


def test_a_cluster_names_its_members() -> None:
    scores = Glasswally().close_hour(START, in_order(ordinary(0), _pool()))
    assert set(of_groups(scores)) == {POOL}


def test_two_neighbours_on_a_network_merge_and_one_does_not() -> None:
    peer = Glasswally()
    pair = [request(f"a{number}", 0.0, ip=f"192.0.2.{number}") for number in range(2)]
    lone = peer.close_hour(START, pair)
    crowd = [request(f"a{number}", 1.0, ip=f"192.0.2.{number}") for number in range(5)]
    merged = peer.close_hour(START + 3_600.0, crowd)
    assert of_groups(lone) == {}
    assert set(of_groups(merged)) == {frozenset(f"a{number}" for number in range(5))}


def test_being_in_a_cluster_of_five_adds_to_the_score() -> None:
    def fused(size: int) -> float:
        events = [
            request(f"a{number}", 60.0 * number, payment="one card") for number in range(size)
        ]
        return of_accounts(Glasswally().close_hour(START, events))["a0"]

    assert fused(5) - fused(4) > CLUSTER_BONUS > fused(4) - fused(3)


def test_a_cluster_that_changes_its_model_together_scores_higher() -> None:
    stayed = fed(Glasswally(), [_pool(0, model="large"), _pool(1, model="large")])[-1]
    pivoted = fed(Glasswally(), [_pool(0, model="large"), _pool(1, model="newer")])[-1]
    assert of_accounts(pivoted)["pool0"] > of_accounts(stayed)["pool0"]
