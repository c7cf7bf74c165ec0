from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.tie_finding import TieFinding
from models.requests.kinds import TieKind
from models.wire.state import decode_state, encode_state
from tests.models.tie_findings import tie


def founded(clusters: Clusters, name: str, first: TieFinding, epoch: int = 1) -> Cluster:
    cluster = Cluster(name, epoch, epoch, first.key, 1.0, 1.0)
    clusters.put(cluster, first, epoch)
    return cluster


@pytest.mark.parametrize(
    ("members", "joins"),
    [
        (range(10, 20), False),  # nobody in common
        (range(8, 18), False),  # two in common
        (range(5, 15), False),  # half of it
        (range(4, 14), True),  # six of ten
        (range(7, 10), True),  # a small tie wholly inside
        (range(8, 11), False),  # two of three are too few
        (range(8, 10), False),  # all of it, but too few
        (range(16), True),  # the cluster wholly inside, and most of the tie
        (range(17), False),  # the cluster wholly inside, but the tie is mostly others
        (range(1_000), False),  # as above: what everybody shares
    ],
)
@pytest.mark.parametrize("stands_out", [False, True])
def test_a_tie_joins_when_most_of_its_members_are_in_the_core(
    members: range,
    joins: bool,  # noqa: FBT001 - a table's column
    stands_out: bool,  # noqa: FBT001 - as above
) -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    assert clusters.find(tie(2, members, stands_out=stands_out)) is (cluster if joins else None)


@given(
    st.sets(st.integers(1, 40), min_size=1, max_size=12),
    st.sets(st.integers(1, 40), min_size=1, max_size=30),
    st.sets(st.integers(41, 90), min_size=1, max_size=30),
)
def test_more_strangers_never_make_a_tie_join(
    members: set[int], shared: set[int], strangers: set[int]
) -> None:
    cluster = founded(Clusters(), "first", tie(1, sorted(members)))
    if not cluster.takes(tie(2, sorted(shared))):
        assert not cluster.takes(tie(2, sorted(shared | strangers)))


def test_a_large_honest_tie_around_a_cluster_stays_out_as_often_as_it_comes() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    for size in (20, 100, 500):
        assert clusters.find(tie(2, range(size))) is None
        clusters.put(cluster, tie(3 + size, range(5)), size)
    assert set(cluster.holdings) == set(range(10))


def test_members_of_one_tie_that_does_not_stand_out_are_no_core() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    assert cluster.core == set(range(10))
    clusters.put(cluster, tie(2, range(5, 15), stands_out=False), 2)
    assert cluster.core == set(range(10))
    assert set(cluster.holdings) == set(range(15))
    assert cluster.convincing() == list(range(10))
    clusters.put(cluster, tie(3, range(8, 13), stands_out=False), 3)
    assert cluster.core == set(range(13))


def test_strangers_that_a_loose_tie_brought_draw_nobody_in() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    clusters.put(cluster, tie(2, range(4, 14), stands_out=False), 2)
    assert clusters.find(tie(3, range(8, 15))) is None
    assert clusters.find(tie(4, range(10, 14))) is None


def test_the_core_of_many_ties_holds_a_fair_share_of_them() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    for key in range(2, 15):
        clusters.put(cluster, tie(key, range(10)), key)
    clusters.put(cluster, tie(15, range(5, 15)), 15)
    assert cluster.core == set(range(10))


def test_a_campaign_dealt_over_many_payments_keeps_its_core() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(100)))
    for payment in range(20):
        members = range(5 * payment, 5 * payment + 5)
        clusters.put(cluster, tie(2 + payment, members, stands_out=False), 2)
    assert cluster.core == set(range(100))
    assert cluster.fresh == list(range(100))


def test_a_tie_that_once_stood_out_goes_on_doing_so() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    clusters.put(cluster, tie(1, range(12), stands_out=False), 2)
    assert cluster.core == set(range(12))


def test_a_tie_that_goes_takes_what_only_it_brought() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    clusters.put(cluster, tie(2, range(6, 14)), 2)
    assert cluster.core == set(range(14))
    cluster.drop(2)
    assert list(cluster.ties) == [1]
    assert set(cluster.holdings) == set(cluster.affinities) == cluster.core == set(range(10))
    assert all(held == {1} for held in cluster.holdings.values())


@pytest.mark.parametrize(("size", "kept"), [(12, True), (33, True), (34, False), (500, False)])
def test_a_tie_is_kept_until_it_has_grown_far_beyond_the_core(
    size: int,
    kept: bool,  # noqa: FBT001 - a table's column
) -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10), p_value=1e-9))
    clusters.put(cluster, tie(2, range(5), stands_out=False), 2)
    grown = tie(2, range(size), stands_out=False)
    assert cluster.keeps(grown) is kept
    assert clusters.find(grown) is (cluster if kept else None)
    assert set(cluster.ties) == ({1, 2} if kept else {1})
    assert (2 in clusters.by_tie) is kept


def test_the_best_tie_is_kept_however_it_grows() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    clusters.put(cluster, tie(2, range(5)), 2)
    assert clusters.find(tie(1, range(500))) is cluster


def test_a_tie_that_holds_a_cluster_stays_in_it() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(10)))
    founded(clusters, "second", tie(2, range(50, 60)))
    assert clusters.find(tie(1, range(50, 60))) is cluster


def test_the_largest_overlap_wins_whatever_the_order() -> None:
    orders = []
    members = {"a": range(6), "b": [*range(3), *range(6, 12)], "c": range(20, 26)}
    for names in (["a", "b", "c"], ["c", "b", "a"]):
        clusters = Clusters()
        for place, name in enumerate(names):
            founded(clusters, name, tie(ord(name), members[name]), place)
        assert clusters.find(tie(8, range(3))) is not None
        found = clusters.find(tie(9, [0, 1, 2, 3, 6, 7]))
        assert found is not None
        orders.append(found.id)
    assert orders == ["b", "b"]


def test_equal_overlaps_are_settled_by_id() -> None:
    for names in (["a", "b"], ["b", "a"]):
        clusters = Clusters()
        for name in names:
            founded(clusters, name, tie(ord(name), range(5)))
        found = clusters.find(tie(9, range(5)))
        assert found is not None
        assert found.id == "b"


@given(st.data())
def test_a_cluster_keeps_its_identity_while_members_come(data: st.DataObject) -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", tie(1, range(1, 31)), epoch=4)
    ties = data.draw(st.integers(1, 5))
    for number in range(ties):
        part = data.draw(st.sets(st.sampled_from(sorted(cluster.core)), min_size=3, max_size=10))
        found = clusters.find(tie(2 + number, sorted(part)))
        assert found is cluster
        clusters.put(cluster, tie(2 + number, sorted(part | {100 + number})), 5 + number)
    assert list(clusters.all) == ["first"]
    assert (cluster.first_epoch, cluster.last_epoch) == (4, 4 + ties)
    assert set(cluster.holdings) == {*range(1, 31), *range(100, 100 + ties)}
    assert all(clusters.by_tie[2 + number] == "first" for number in range(ties))


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


def phrase(number: int, uses: dict[int, int]) -> TieFinding:
    """A fragment that accounts show so many times each."""
    fragment = tie(number << 4 | TieKind.FRAGMENT, uses)
    fragment.counts = np.array([uses[account] for account in sorted(uses)], np.int32)
    return fragment


def test_who_has_a_habit_of_a_phrase_that_others_show_is_not_named() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", phrase(1, {0: 1, 1: 2, 2: 2, 3: 3, 4: 4, 5: 90}))
    assert cluster.core == set(range(6))
    assert cluster.convincing() == [0, 1, 2, 3]


def test_who_shares_more_than_a_phrase_is_named_however_often_it_is_used() -> None:
    clusters = Clusters()
    cluster = founded(clusters, "first", phrase(1, {0: 1, 1: 1, 2: 1, 3: 90, 4: 90}))
    clusters.put(cluster, phrase(2, {0: 1, 1: 1, 3: 90, 4: 90, 5: 1, 6: 1, 7: 1}), 2)
    assert cluster.convincing() == [0, 1, 2, 5, 6, 7]
    clusters.put(cluster, phrase(3, {0: 1, 1: 1, 2: 1, 3: 90}), 2)
    assert 3 in cluster.convincing()
    clusters.put(cluster, tie(7 << 4 | TieKind.PAYMENT, [0, 4]), 2)
    assert cluster.convincing() == list(range(8))


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
    cluster.sequence, cluster.strength, cluster.severity = 2, 5, "medium"
    cluster.banned = {4}
    cluster.verdict, cluster.judged = "confirm", 77
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
