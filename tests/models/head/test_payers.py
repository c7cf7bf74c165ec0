"""Who belongs to a cluster for the instrument that its accounts pay with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.payers import MOST_PAYING, followed, payer_of
from models.wire.state import decode_state, encode_state
from tests.models.tie_findings import tie

PAYMENT = 77


def cluster_of(name: str, key: int, named: Iterable[int]) -> Cluster:
    """A cluster that alerts have named accounts of, which pay with one instrument."""
    accounts = sorted(named)
    cluster = Cluster(name, 1, 1, key, 1.0, 1.0)
    cluster.named = dict.fromkeys(accounts, 1)
    cluster.paid = {PAYMENT}
    return cluster


def held(*several: Cluster) -> Clusters:
    clusters = Clusters()
    for number, cluster in enumerate(several):
        clusters.put(cluster, tie(number + 1, cluster.named), 1)
    return clusters


@pytest.mark.parametrize(
    ("accounts", "belongs"),
    [
        ([1, 2], True),
        ([1, 50], True),
        ([1, 50, 51], False),
        ([1, 2, 50, 51], True),
        ([1, 2, 50, 51, 52], False),
        ([50, 51], False),
        ([1], False),
        (range(1, MOST_PAYING + 1), True),
        (range(1, MOST_PAYING + 2), False),
    ],
)
def test_half_of_a_few_payers_must_be_named(accounts: Iterable[int], belongs: bool) -> None:  # noqa: FBT001 - a table's column
    clusters = held(cluster_of("first", 1, range(1, 20)))
    found = payer_of(clusters, PAYMENT, list(accounts))
    assert (found is not None) == belongs


def test_an_instrument_that_no_named_account_pays_with_says_nothing() -> None:
    clusters = held(cluster_of("first", 1, range(1, 5)))
    assert followed(clusters) == {PAYMENT}
    assert payer_of(clusters, PAYMENT + 1, [1, 2]) is None


@pytest.mark.parametrize(("closed", "verdict"), [(True, ""), (False, "dismiss")])
def test_clusters_that_are_closed_or_dismissed_draw_nobody_in(
    *, closed: bool, verdict: str
) -> None:
    cluster = cluster_of("first", 1, range(1, 5))
    clusters = held(replace(cluster, closed=closed, verdict=verdict))
    assert not followed(clusters)
    assert payer_of(clusters, PAYMENT, [1, 2]) is None


@given(st.permutations(["a", "b", "c"]), st.sets(st.integers(1, 9), min_size=2, max_size=8))
def test_the_cluster_with_most_payers_has_them_whatever_came_first(
    order: list[str], accounts: set[int]
) -> None:
    named = {"a": range(1, 4), "b": range(3, 8), "c": range(6, 10)}
    clusters = held(*(cluster_of(name, 1, named[name]) for name in order))
    found = payer_of(clusters, PAYMENT, accounts)
    shares = {name: len(accounts.intersection(named[name])) for name in named}
    most = max(shares.values())
    if 2 * most < len(accounts):
        assert found is None
    else:
        assert found is not None
        assert shares[found.id] == most


def test_payers_are_named_whatever_they_do_and_stay_so_after_a_restart() -> None:
    clusters = held(cluster_of("first", 1, range(1, 9)))
    cluster = clusters.all["first"]
    paying = tie(PAYMENT, [8, 9], [1.0, -5.0], stands_out=False)
    paying.payer_of = cluster.id
    assert clusters.find(paying) is cluster
    clusters.put(cluster, paying, 2)
    again = Clusters()
    again.load(decode_state(encode_state({"all": clusters.dump()}))["all"])
    for one in (cluster, again.all["first"]):
        assert 9 in one.convincing()
        assert one.paid == {PAYMENT}


def test_a_cluster_that_holds_an_instrument_keeps_it() -> None:
    clusters = held(cluster_of("first", 1, range(1, 3)), cluster_of("second", 2, range(1, 9)))
    clusters.put(clusters.all["first"], tie(PAYMENT, [1, 2]), 2)
    found = payer_of(clusters, PAYMENT, [1, 2, 3])
    assert found is clusters.all["first"]
