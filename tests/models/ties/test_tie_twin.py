"""The tie stage beside a twin in plain dictionaries: who shares what, since when, how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evidence.baseline import FEATURES
from models.kernels import ties as kernels
from models.layouts import EDGE
from models.requests.kinds import ISSUED, TieKind
from models.ties.stage import STATISTICS, TieStage
from models.wire.messages import TieBatch, TieOptions
from tests.models.ties.test_ties import TOLD
from tests.stream.traffic import scored

SINGLE_EPOCHS = 3
OPTIONS = TieOptions(epoch_seconds=300)

shown = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(1, 5)), st.integers(1, 9), max_size=14
)
"""How often accounts showed values in an epoch."""

histories = st.lists(st.tuples(st.integers(1, 3), shown, st.booleans()), max_size=8)
"""Epochs passed, what was shown then, and whether values of that epoch alone are kept after it."""


@dataclass
class Member:
    joined: int
    epoch: int
    count: int = 0
    requests: int = 0
    issued: bool = False


@dataclass
class Value:
    """A value, and the accounts that showed it."""

    first: int
    last: int = 0
    volume: int = 0
    members: dict[int, Member] = field(default_factory=dict)


def key_of(value: int) -> int:
    return value << 4 | TieKind.SIGNATURE


def requests_of(account: int, epoch: int) -> int:
    return 10 * account + epoch


class Twin:
    def __init__(self) -> None:
        self.values: dict[int, Value] = {}

    def add(self, epoch: int, edges: dict[tuple[int, int], int]) -> None:
        for (account, number), count in edges.items():
            value = self.values.get(number)
            if value and len(value.members) == 1 and forgotten(value.last, epoch):
                value = None
            if value is None:
                value = self.values[number] = Value(epoch)
            self._show(value, account, count, epoch)
        for value in self.values.values():
            # What is known of a member is what it was when it last showed the value to a tie.
            if len(value.members) == 1:
                for member in value.members.values():
                    member.requests, member.issued = 0, False

    def _show(self, value: Value, account: int, count: int, epoch: int) -> None:
        if account not in value.members and len(value.members) == 1:
            [first] = value.members.values()
            first.epoch = epoch
        member = value.members.setdefault(account, Member(epoch, epoch))
        member.epoch, member.requests = epoch, requests_of(account, epoch)
        member.count += count
        member.issued |= is_issued(account)
        value.volume += count
        value.last = epoch

    def keep_since(self, epoch: int) -> None:
        """Drop ties that were last shown before an epoch."""
        self.values = {
            number: value
            for number, value in self.values.items()
            if len(value.members) == 1 or value.last >= epoch
        }


def is_issued(account: int) -> bool:
    """Accounts of even number are issued their signatures, the others present them."""
    return account % 2 == 0


def batch_of(epoch: int, edges: dict[tuple[int, int], int]) -> TieBatch:
    accounts = sorted({account for account, _ in edges})
    told = np.zeros(len(accounts), TOLD)
    told["account"] = accounts
    told["owner"] = [account // 2 for account in accounts]
    rows = np.zeros(len(edges), EDGE)
    for row, ((account, number), count) in enumerate(edges.items()):
        kind = ISSUED if is_issued(account) else TieKind.SIGNATURE
        rows[row] = (number << 4 | kind, accounts.index(account), count)
    requests = np.array([requests_of(account, epoch) for account in accounts], np.int32)
    ranks = np.array([[account] * FEATURES for account in accounts], np.uint8)
    return TieBatch(told, requests, ranks.reshape(-1, FEATURES), True, rows, {})


def singles_of(state: dict[str, Any]) -> dict[int, tuple[int, ...]]:
    return {
        int(one["key"]): tuple(int(one[name]) for name in ("account", "count", "joined", "epoch"))
        for one in state["values"]
        if one["account"] != 2**64 - 1
    }


def ties_of(state: dict[str, Any]) -> dict[int, tuple[int, ...]]:
    names = ("volume", "members", "first_epoch", "last_epoch")
    return {int(one["key"]): tuple(int(one[name]) for name in names) for one in state["ties"]}


def members_of(state: dict[str, Any]) -> dict[tuple[int, int], tuple[int, ...]]:
    names = ("joined", "epoch", "count", "requests", "issued")
    return {
        (int(state["ties"]["key"][one["tie"]]), int(one["account"])): tuple(
            int(one[name]) for name in names
        )
        for one in state["members"]
    }


def forgotten(last: int, epoch: int) -> bool:
    """Whether a value of one account, last shown then, is as if it had never been shown."""
    return last < epoch - SINGLE_EPOCHS


@given(histories)
@settings(max_examples=40)
def test_the_stage_knows_what_its_twin_knows(histories: Any) -> None:
    stage, twin, epoch = TieStage(scored(), SINGLE_EPOCHS), Twin(), 0
    for passed, edges, forgets in histories:
        epoch += passed
        stage.close(epoch, [batch_of(epoch, edges)], OPTIONS)
        twin.add(epoch, edges)
        if forgets:
            stage.forget_before(epoch)
            twin.keep_since(epoch)
        state = stage.dump()
        shared = {
            key_of(one): value for one, value in twin.values.items() if len(value.members) > 1
        }
        assert ties_of(state) == {
            key: (value.volume, len(value.members), value.first, value.last)
            for key, value in shared.items()
        }
        assert members_of(state) == {
            (key, account): (one.joined, one.epoch, one.count, one.requests, one.issued)
            for key, value in shared.items()
            for account, one in value.members.items()
        }
        # When the memory of those that count as forgotten is taken back is the stage's own affair.
        kept = singles_of(state).items()
        assert {key: one for key, one in kept if not forgotten(one[-1], epoch)} == {
            key_of(number): (account, one.count, value.first, value.last)
            for number, value in twin.values.items()
            if len(value.members) == 1 and not forgotten(value.last, epoch)
            for account, one in value.members.items()
        }


@given(st.lists(shown, min_size=1, max_size=4))
@settings(max_examples=40)
def test_statistics_are_sums_over_members(epochs: list[dict[tuple[int, int], int]]) -> None:
    stage = TieStage(scored(), SINGLE_EPOCHS)
    for epoch, edges in enumerate(epochs, 1):
        stage.close(epoch, [batch_of(epoch, edges)], OPTIONS)
    state = stage.dump()
    ties, members = state["ties"], state["members"]
    found = np.zeros(len(ties), STATISTICS)
    kernels.sum_members(ties, members, np.arange(len(ties), dtype=np.int32), found)
    for number, statistics in enumerate(found):
        own = members[members["tie"] == number]
        counts, since = (
            own["count"].tolist(),
            (own["joined"] - ties[number]["first_epoch"]).tolist(),
        )
        ranked = own[own["ranked"] == 1]
        owners = own["owner"][own["owner"] != 0]
        shares = [
            min(65_536, int(one["count"]) * 65_536 // int(one["requests"]))
            for one in own
            if one["requests"]
        ]
        expected = {
            "tie": ties[number]["key"], "members": len(own), "volume": ties[number]["volume"],
            "counts": sum(counts), "count_squares": sum(one * one for one in counts),
            "shares": sum(shares), "joined": sum(since),
            "joined_squares": sum(one * one for one in since), "owned": len(owners),
            "owners": len(set(owners.tolist())), "known": len(ranked), "paying": 0, "payments": 0,
        }  # fmt: skip
        assert {name: statistics[name] for name in expected} == expected
        ranks = ranked["ranks"].astype(np.int64)
        assert statistics["sums"].tolist() == ranks.sum(axis=0).tolist()
        assert statistics["squares"].tolist() == (ranks**2).sum(axis=0).tolist()


@pytest.mark.parametrize("epochs", [[{(1, 1): 1, (2, 1): 1, (3, 2): 4, (4, 2): 1, (5, 2): 2}]])
def test_members_are_listed_tie_by_tie(epochs: list[dict[tuple[int, int], int]]) -> None:
    stage = TieStage(scored(), SINGLE_EPOCHS)
    stage.close(1, [batch_of(1, epochs[0])], OPTIONS)
    state = stage.dump()
    numbers, ends = np.empty(5, np.int64), np.empty(2, np.int64)
    order = np.argsort(state["ties"]["key"]).astype(np.int32)
    kernels.list_members(state["ties"], state["members"], order, numbers, ends)
    parts = np.split(state["members"]["account"][numbers], ends[:-1])
    assert [sorted(part.tolist()) for part in parts] == [[1, 2], [3, 4, 5]]
