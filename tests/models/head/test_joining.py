from __future__ import annotations

import pytest

from models.head.cluster import Cluster
from models.head.joining import Joining
from models.wire.state import decode_state, encode_state
from tests.models.tie_findings import tie


def place(joining: Joining, key: int, accounts: range, epoch: int, *, founds: bool) -> str | None:
    """Id of the cluster that a tie went to; `founds` says whether it stands out."""
    cluster = joining.place(tie(key, accounts, stands_out=founds), f"of tie {key}", epoch)
    return None if cluster is None else cluster.id


def ties_of(joining: Joining, entity: str) -> set[int]:
    return set(joining.clusters.all[entity].ties)


def test_a_tie_that_stands_out_founds_a_cluster() -> None:
    joining = Joining()
    assert place(joining, 1, range(5), 3, founds=True) == "of tie 1"
    cluster = joining.clusters.all["of tie 1"]
    assert (cluster.first_epoch, cluster.last_epoch, cluster.best) == (3, 3, 1)
    assert place(joining, 2, range(50, 55), 3, founds=True) == "of tie 2"


def test_a_tie_that_does_not_suffice_waits() -> None:
    joining = Joining()
    assert place(joining, 1, range(5), 3, founds=False) is None
    assert joining.clusters.all == {}
    assert joining.clusters.by_tie == {}


def test_a_tie_that_overlaps_a_cluster_joins_it_whether_or_not_it_stands_out() -> None:
    joining = Joining()
    place(joining, 1, range(10), 3, founds=True)
    assert place(joining, 2, range(5), 4, founds=False) == "of tie 1"
    assert place(joining, 3, range(5), 4, founds=True) == "of tie 1"
    assert list(joining.clusters.all) == ["of tie 1"]


def test_what_waited_joins_when_its_cluster_is_founded() -> None:
    joining = Joining()
    assert place(joining, 2, range(5), 3, founds=False) is None
    assert place(joining, 3, range(40, 45), 3, founds=False) is None
    place(joining, 1, range(10), 4, founds=True)
    assert ties_of(joining, "of tie 1") == {1, 2}
    assert joining.clusters.by_tie == {1: "of tie 1", 2: "of tie 1"}


def test_what_waited_joins_when_the_core_grows() -> None:
    joining = Joining()
    place(joining, 1, range(6), 3, founds=True)
    assert place(joining, 2, range(6, 12), 4, founds=False) is None
    assert place(joining, 1, range(12), 5, founds=True) == "of tie 1"
    assert ties_of(joining, "of tie 1") == {1, 2}


def test_the_latest_state_of_what_waits_counts() -> None:
    joining = Joining()
    assert place(joining, 2, range(6), 3, founds=False) is None
    assert place(joining, 2, range(30), 4, founds=False) is None
    place(joining, 1, range(10), 5, founds=True)
    assert ties_of(joining, "of tie 1") == {1}


def test_what_waits_may_come_to_found_a_cluster_itself() -> None:
    joining = Joining()
    assert place(joining, 2, range(6), 3, founds=False) is None
    assert place(joining, 2, range(12), 4, founds=True) == "of tie 2"
    assert place(joining, 1, range(10), 5, founds=True) == "of tie 2"
    assert ties_of(joining, "of tie 2") == {1, 2}
    assert joining.dump()["candidates"] == []


def grown_together() -> Joining:
    """A cluster that its first tie founded, and that a smaller one joined."""
    joining = Joining()
    place(joining, 1, range(10), 3, founds=True)
    place(joining, 2, range(5), 3, founds=True)
    assert ties_of(joining, "of tie 1") == {1, 2}
    return joining


def test_a_tie_that_outgrew_its_cluster_founds_its_own() -> None:
    joining = grown_together()
    assert place(joining, 2, range(200), 4, founds=True) == "of tie 2"
    assert ties_of(joining, "of tie 1") == {1}
    assert ties_of(joining, "of tie 2") == {2}
    assert joining.clusters.by_tie == {1: "of tie 1", 2: "of tie 2"}
    assert set(joining.clusters.all["of tie 1"].holdings) == set(range(10))


def test_a_tie_that_outgrew_its_cluster_and_does_not_suffice_waits_again() -> None:
    joining = grown_together()
    assert place(joining, 2, range(200), 4, founds=False) is None
    assert ties_of(joining, "of tie 1") == {1}
    assert joining.clusters.by_tie == {1: "of tie 1"}
    place(joining, 3, range(300), 5, founds=True)
    assert ties_of(joining, "of tie 3") == {2, 3}


def test_a_cluster_never_takes_in_what_everybody_shares() -> None:
    joining = Joining()
    place(joining, 1, range(10), 3, founds=True)
    for epoch, size in enumerate((20, 40, 80, 160), 4):
        assert place(joining, 2, range(size), epoch, founds=False) is None
        place(joining, 1, range(10), epoch, founds=True)
    assert set(joining.clusters.all["of tie 1"].holdings) == set(range(10))


def test_only_so_many_ties_wait_and_the_oldest_leave() -> None:
    joining = Joining()
    for key in range(4_001):
        place(joining, key, range(5), key, founds=False)
    place(joining, 9_999, range(10), 5_000, founds=True)
    assert ties_of(joining, "of tie 9999") == {9_999, *range(1, 4_001)}


def test_a_tie_that_waits_and_is_seen_again_is_not_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.head.joining.MOST_CANDIDATES", 2)
    joining = Joining()
    for epoch, key in enumerate((1, 2, 1, 3)):
        place(joining, key, range(5), epoch, founds=False)
    assert joining.ties == {1, 3}


def test_open_clusters_without_news_are_idle() -> None:
    joining = Joining()
    for key, epoch in ((1, 3), (2, 6), (3, 3)):
        place(joining, key, range(key * 100, key * 100 + 5), epoch, founds=True)
    joining.clusters.all["of tie 3"].closed = True

    def idle(epoch: int) -> list[Cluster]:
        return joining.idle_since(epoch)

    assert idle(3) == []
    assert [cluster.id for cluster in idle(4)] == ["of tie 1"]
    assert [cluster.id for cluster in idle(7)] == ["of tie 1", "of tie 2"]


def test_loaded_joining_goes_on_as_before() -> None:
    joining = Joining()
    place(joining, 1, range(6), 3, founds=True)
    place(joining, 2, range(6, 12), 4, founds=False)
    loaded = Joining()
    loaded.load(decode_state(encode_state({"it": joining.dump()}))["it"])
    for one in (joining, loaded):
        assert place(one, 1, range(12), 5, founds=True) == "of tie 1"
        assert ties_of(one, "of tie 1") == {1, 2}
    assert encode_state(loaded.dump()) == encode_state(joining.dump())
