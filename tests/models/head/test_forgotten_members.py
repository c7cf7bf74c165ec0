"""A member that is to be forgotten, in clusters and in the ties that wait for one."""

from __future__ import annotations

from typing import Any

from models.head.cluster import Cluster
from models.head.joining import Joining
from models.wire.state import decode_state, encode_state
from tests.models.tie_findings import tie


def test_a_cluster_forgets_an_account_and_says_no_more_of_it() -> None:
    joining = Joining()
    joining.place(tie(1, range(10)), "first", 1)
    joining.place(tie(2, range(20, 30), stands_out=False), "second", 1)
    [cluster] = joining.clusters.all.values()
    cluster.named.update({3: 1, 4: 1})
    cluster.strength = 2
    for account in (3, 25, 99):
        joining.forget(account)
    assert cluster.core == set(range(10)) - {3}
    assert (cluster.named, cluster.strength) == ({4: 1}, 1)
    state: dict[str, Any] = decode_state(encode_state(joining.dump()))
    assert 25 not in state["candidates"][0]["accounts"].tolist()
    assert len(state["candidates"][0]["counts"]) == 9
    cluster.drop(1)
    assert cluster.holdings == {}


def test_a_tie_of_which_all_was_forgotten_can_go() -> None:
    cluster = Cluster("first", 1, 1, 1, 1.0, 1.0)
    cluster.add(tie(1, [1, 2]), 1)
    for account in (1, 2):
        cluster.forget(account)
    assert (cluster.core, cluster.convincing()) == (set(), [])
    cluster.drop(1)
