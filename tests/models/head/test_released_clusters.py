"""Ties that leave their cluster, clusters that are let go, and what goes with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.joining import Joining
from models.head.tie_finding import TieFinding
from tests.models.tie_findings import tie

MEMBERS = 5


def found(joining: Joining, key: int, epoch: int, *, sequence: int = 0, closed: bool = True) -> str:
    """The id of a cluster of accounts of its own."""
    members = range(key * MEMBERS, (key + 1) * MEMBERS)
    cluster = joining.place(tie(key, members), f"cluster-{key}", epoch)
    assert cluster is not None
    cluster.sequence, cluster.closed = sequence, closed
    return cluster.id


def test_the_closed_ones_that_were_idle_longest_go() -> None:
    joining = Joining()
    ids = {key: found(joining, key, epoch) for key, epoch in ((1, 9), (2, 3), (3, 5), (4, 7))}
    joining.clusters.release(2)
    assert set(joining.clusters.all) == {ids[1], ids[4]}
    assert joining.clusters.by_tie == {1: ids[1], 4: ids[4]}


def test_those_that_never_came_to_an_alert_go_first() -> None:
    joining = Joining()
    found(joining, 1, 9, sequence=-1)
    kept = found(joining, 2, 3)
    joining.clusters.release(1)
    assert set(joining.clusters.all) == {kept}


def test_open_ones_stay_however_many() -> None:
    joining = Joining()
    for key in range(1, 5):
        found(joining, key, key, closed=False)
    joining.clusters.release(0)
    assert len(joining.clusters.all) == 4


def test_as_many_as_are_kept_stay() -> None:
    joining = Joining()
    for key in range(1, 5):
        found(joining, key, key)
    joining.clusters.release(4)
    assert len(joining.clusters.all) == 4


def test_a_dismissal_goes_with_its_cluster_and_others_stay() -> None:
    joining = Joining()
    clusters = joining.clusters
    for key in (1, 2):
        cluster = clusters.all[found(joining, key, key)]
        cluster.verdict = "dismiss"
        clusters.let_go(cluster)
    assert clusters.dismissed == {1, 2}
    clusters.release(1)
    assert clusters.dismissed == {2}
    assert clusters.by_tie == {}


def test_joining_keeps_so_many_closed_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.head.joining.MOST_CLOSED", 2)
    joining = Joining()
    ids = [found(joining, key, key) for key in range(1, 5)]
    joining.release()
    assert set(joining.clusters.all) == set(joining.dump()["gathered"]) == set(ids[2:])


def test_what_is_released_is_not_saved() -> None:
    joining = Joining()
    found(joining, 1, 1)
    joining.clusters.release(0)
    joining.release()
    assert joining.dump() == {"clusters": Clusters().dump(), "gathered": {}, "candidates": []}


def test_the_ties_that_are_needed_are_those_of_clusters_and_of_candidates() -> None:
    joining = Joining()
    found(joining, 1, 1)
    joining.place(tie(8, range(100, 105), stands_out=False), "", 1)
    assert joining.ties == {1, 8}


def founded(clusters: Clusters, first: TieFinding) -> Cluster:
    cluster = Cluster("first", 1, 1, first.key, 1.0, 1.0)
    clusters.put(cluster, first, 1)
    return cluster


def test_a_tie_that_came_back_with_others_leaves_nothing_behind_when_it_goes() -> None:
    clusters = Clusters()
    cluster = founded(clusters, tie(1, range(10)))
    clusters.put(cluster, tie(2, range(6)), 2)
    clusters.put(cluster, tie(2, range(4, 10)), 3)
    cluster.drop(2)
    assert set(cluster.convincing()) == set(range(10))
    assert all(held == {1} for held in cluster.holdings.values())


steps = st.lists(
    st.tuples(st.integers(1, 4), st.sets(st.integers(1, 12), max_size=8), st.booleans()),
    max_size=12,
)


@given(steps)
def test_nobody_holds_what_the_cluster_does_not(steps: list[tuple[int, set[int], bool]]) -> None:
    cluster = founded(Clusters(), tie(9, range(1, 13)))
    for epoch, (key, members, stays) in enumerate(steps):
        cluster.add(tie(key, members), epoch)
        if not stays:
            cluster.drop(key)
        held = {key for keys in cluster.holdings.values() for key in keys}
        assert held <= cluster.ties.keys()
        assert cluster.affinities.keys() <= cluster.holdings.keys()
        assert set(cluster.convincing()) <= cluster.holdings.keys()
