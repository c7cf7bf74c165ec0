from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clusters import Cluster, Clusters, TieFinding
from models.state import decode_state, encode_state

_FILLINGS = {
    "score": 10.0, "p_value": 1e-6, "q_value": 0.01, "first_epoch": 1, "stands_out": True,
}  # fmt: skip


def tie(
    key: int,
    accounts: range | list[int],
    affinities: list[float] | None = None,
    **values: float,
) -> TieFinding:
    members = sorted(accounts)
    return TieFinding(
        key=key,
        accounts=np.array(members, np.uint64),
        counts=np.ones(len(members), np.int32),
        affinities=np.array(affinities or [1.0] * len(members)),
        inputs=np.zeros(3),
        **{**_FILLINGS, **values},  # type: ignore[arg-type]  # epochs are given as whole numbers
    )


def founded(clusters: Clusters, name: str, first: TieFinding, epoch: int = 1) -> Cluster:
    cluster = Cluster(name, epoch, epoch, first.key, 1.0, 1.0)
    clusters.put(cluster, first, epoch)
    return cluster


@pytest.mark.parametrize(
    ("members", "joins", "joins_if_it_stands_out"),
    [
        (range(10, 20), False, False),  # nobody in common
        (range(8, 18), False, False),  # two in common
        (range(5, 15), True, True),  # half of either side
        (range(6, 16), False, False),  # four of ten
        (range(7, 10), True, True),  # a small tie wholly inside
        (range(100), False, True),  # the cluster wholly inside
        (range(8, 12), False, False),  # half of the tie, but two are too few
    ],
)
@pytest.mark.parametrize("stands_out", [False, True])
def test_a_tie_joins_by_its_overlap(
    members: range,
    joins: bool,  # noqa: FBT001 - a table's column
    joins_if_it_stands_out: bool,  # noqa: FBT001 - as above
    stands_out: bool,  # noqa: FBT001 - as above
) -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    other = tie(2, members, stands_out=stands_out)
    expected = cluster if (joins_if_it_stands_out if stands_out else joins) else None
    assert clusters.find(other) is expected


def test_a_tie_that_holds_a_cluster_stays_in_it() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    founded(clusters, "second", tie(2, range(50, 60)))
    assert clusters.find(tie(1, range(50, 60))) is cluster


def test_the_largest_overlap_wins_whatever_the_order() -> None:
    orders = []
    for names in (["a", "b", "c"], ["c", "b", "a"]):
        clusters = Clusters()
        members = {"a": range(5), "b": range(5, 12), "c": range(20, 26)}
        for place, name in enumerate(names):
            founded(clusters, name, tie(ord(name), members[name]), place)
        found = clusters.find(tie(9, range(12)))
        assert found is not None
        orders.append(found.id)
    assert orders == ["b", "b"]


def test_equal_overlaps_are_settled_by_id() -> None:
    for names in (["a", "b"], ["b", "a"]):
        clusters = Clusters()
        members = {"a": range(5), "b": range(5, 10)}
        for name in names:
            founded(clusters, name, tie(ord(name), members[name]))
        found = clusters.find(tie(9, range(10)))
        assert found is not None
        assert found.id == "b"


@given(st.lists(st.sets(st.integers(1, 30), min_size=3, max_size=10), min_size=1, max_size=8))
def test_a_cluster_keeps_its_identity_while_members_come(parts: list[set[int]]) -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(1, 31)), epoch=4)
    for number, part in enumerate(parts):
        found = clusters.find(tie(2 + number, sorted(part)))
        assert found is cluster
        clusters.put(cluster, tie(2 + number, sorted(part | {100 + number})), 5 + number)
    assert list(clusters.all) == ["first"]
    assert (cluster.first_epoch, cluster.last_epoch) == (4, 4 + len(parts))
    assert set(cluster.holdings) == {*range(1, 31), *range(100, 100 + len(parts))}
    assert all(clusters.by_tie[2 + number] == "first" for number in range(len(parts)))


def test_the_strongest_tie_speaks_for_the_cluster() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(5), p_value=1e-5, q_value=0.05))
    clusters.put(cluster, tie(2, range(5), p_value=1e-9, q_value=0.01), 2)
    clusters.put(cluster, tie(3, range(5), p_value=1e-7, q_value=0.02), 3)
    assert (cluster.best, cluster.p_value, cluster.q_value) == (2, 1e-9, 0.01)
    clusters.put(cluster, tie(2, range(9), p_value=1e-3, q_value=0.9), 4)
    assert (cluster.best, cluster.p_value, cluster.q_value) == (2, 1e-9, 0.01)
    assert len(cluster.ties[2].accounts) == 9


def test_accounts_unlike_the_others_are_not_named() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(6), [3.0, 2.5, 2.0, 1.0, 0.1, -2.0]))
    assert cluster.convincing() == [0, 1, 2, 3]


def test_all_are_named_where_behaviour_says_nothing() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(4), [0.0, 0.0, -1.0, 0.0]))
    assert cluster.convincing() == [0, 1, 2, 3]


def test_the_latest_affinity_of_an_account_counts() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(4), [2.0, 2.0, 2.0, 2.0]))
    clusters.put(cluster, tie(2, [3, 4, 5], [-1.0, 2.0, 2.0]), 2)
    assert cluster.convincing() == [0, 1, 2, 4, 5]


def test_loaded_clusters_are_the_same() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(2**64 - 15, range(5), [1.0, 2.0, 0.5, 4.0, -1.0]))
    clusters.put(cluster, tie(7, range(3, 9)), 6)
    cluster.named = {2**63 + 1: 3, 4: 5}
    cluster.sequence, cluster.announced, cluster.severity = 2, 5, "medium"
    founded(clusters, "second", tie(8, range(50, 55))).closed = True
    loaded = Clusters()
    loaded.load(decode_state(encode_state({"it": clusters.dump()}))["it"])
    assert loaded.by_tie == clusters.by_tie
    assert list(loaded.all) == ["first", "second"]
    for name, one in clusters.all.items():
        other = loaded.all[name]
        for field in dataclasses.fields(Cluster):
            if field.name != "ties":
                assert getattr(other, field.name) == getattr(one, field.name), field.name
        assert list(other.ties) == list(one.ties)
    assert loaded.dump()[0]["ties"][1]["accounts"].tolist() == list(range(3, 9))
    assert loaded.find(tie(9, range(4, 9))) is loaded.all["first"]
