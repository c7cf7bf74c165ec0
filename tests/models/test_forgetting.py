"""An account that is to be forgotten: nothing of it is left, and nobody else is changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.accounts.options import AccountOptions
from models.accounts.partial import EpochPartial
from models.accounts.partition import AccountPartition
from models.accounts.stage import AccountStage
from models.evidence.baseline import FEATURES
from models.kernels.ties import NOBODY
from models.layouts import EDGE
from models.options import EpochOptions, MemoryOptions
from models.requests.ingestion import BatchBuilder
from models.ties.partition import TiePartition
from models.ties.stage import TieStage
from models.wire.checkpoint import EVERYTHING
from models.wire.messages import Control, TieBatch, TieOptions, without_account
from models.wire.protocol import (
    NOTHING,
    Close,
    Concluded,
    ConcludedTies,
    Facts,
    Forget,
    TieRows,
    ToAccounts,
)
from models.wire.state import decode_state, encode_state
from schemas.request import RequestEvent
from tests.models.accounts.test_account_partition import (
    FIRST,
    OPTIONS,
    close,
    fact,
    new_partition,
    rows,
)
from tests.models.accounts.test_partial import content as partial_content
from tests.models.states import content
from tests.strategies import KEY, START, events
from tests.stream.traffic import scored

BUILDER = BatchBuilder(KEY)
GONE = BUILDER.account_key("account-1")
HOUR = 3_600_000_000
TIE_OPTIONS = TieOptions(epoch_seconds=300)
TOLD = np.dtype([(name, np.uint64) for name in ("account", "owner", "payment", "network")])

event_lists = st.lists(events, min_size=1, max_size=25)


def others(given_rows: list[RequestEvent]) -> list[RequestEvent]:
    return [row for row in given_rows if BUILDER.account_key(row.account) != GONE]


def distinct(given_rows: list[RequestEvent]) -> list[RequestEvent]:
    return list({(row.account, row.id, row.time): row for row in given_rows}.values())


@settings(max_examples=40)
@given(event_lists)
def test_a_partial_is_as_if_the_account_had_not_come(given_rows: list[RequestEvent]) -> None:
    given_rows = distinct(given_rows)
    partial, without = (EpochPartial(START * 1_000_000, HOUR) for _ in range(2))
    partial.add(BUILDER.build(given_rows))
    partial.forget(GONE)
    if others(given_rows):
        without.add(BUILDER.build(others(given_rows)))
    found, expected = partial_content(partial), partial_content(without)
    assert found[:2] == expected[:2]
    assert found[2].items() >= expected[2].items()


def stage_of(blocks: list[list[RequestEvent]]) -> AccountStage:
    """A stage that took each block in an epoch, the last of which is open."""
    stage = AccountStage(AccountOptions.of(3_600), 2, journal=True)
    for number, block in enumerate(blocks):
        if block:
            batch = BUILDER.build(block)
            stage.add(replace(batch, epoch=np.full(len(batch), START // 3_600 + number)))
        if number < len(blocks) - 1:
            stage.close(START // 3_600 + number, Control())
    return stage


@settings(max_examples=40)
@given(st.lists(event_lists, min_size=1, max_size=4))
def test_a_stage_is_as_if_the_account_had_not_come(blocks: list[list[RequestEvent]]) -> None:
    blocks = [distinct(block) for block in blocks]
    stage, without = stage_of(blocks), stage_of([others(block) for block in blocks])
    for one in (stage, without):
        one.add_facts(1, START * 1_000_000, {"plan": 2})
    for time in (0, 2**50):
        stage.add_facts(GONE, time, {"plan": 3})
    stage.close(START // 3_600 + len(blocks), Control())
    without.close(START // 3_600 + len(blocks), Control())
    stage.forget(GONE)
    found, expected = stage.dump(), without.dump()
    kept = ("profiles", "names", "examples", "waiting")
    assert content([found[name] for name in kept]) == content([expected[name] for name in kept])
    assert all(not facts for facts in found["facts"].values())


def tie_batch(random: np.random.Generator, accounts: int, edges: int) -> TieBatch:
    told = np.zeros(accounts, TOLD)
    told["account"] = np.arange(1, accounts + 1)
    shown = np.zeros(edges, EDGE)
    shown["slot"] = random.integers(0, accounts, edges)
    shown["tie"] = random.integers(1, edges // 2, edges).astype(np.uint64) << np.uint64(4)
    shown["count"] = random.integers(1, 5, edges)
    shown = shown[np.unique(shown[["slot", "tie"]], return_index=True)[1]]
    ranks = np.zeros((accounts, FEATURES), np.uint8)
    clear = {int(key): "value" for key in shown["tie"][:20]}
    return TieBatch(told, np.ones(accounts, np.int32), ranks, False, shown, clear)


def shares(stage: TieStage) -> tuple[dict[int, dict[int, int]], dict[int, tuple[int, int]]]:
    """Members with their counts by tie, found along the chains, and singles by key."""
    state = stage.dump()
    ties: dict[int, dict[int, int]] = {}
    for one in state["ties"]:
        members = ties.setdefault(int(one["key"]), {})
        number = int(one["head"])
        while number != NOBODY:
            member = state["members"][number]
            members[int(member["account"])] = int(member["count"])
            number = int(member["next"])
        assert len(members) == one["members"]
        assert sum(members.values()) == one["volume"]
    singles = {
        int(one["key"]): (int(one["account"]), int(one["count"]))
        for one in state["values"]
        if int(one["key"]) not in ties
    }
    return ties, singles


def test_ties_keep_all_members_but_the_one() -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        stage = TieStage(scored(), 40)
        for epoch in range(3):
            stage.close(epoch, [tie_batch(random, 40, 300)], TIE_OPTIONS)
        ties, singles = shares(stage)
        for gone in (7, 12, 7, 999):
            stage.forget(gone)
            for members in ties.values():
                members.pop(gone, None)
            singles = {key: one for key, one in singles.items() if one[0] != gone}
            assert shares(stage) == (ties, singles)
        assert set(stage.dump()["clear"]) <= ties.keys() | singles.keys()
        assert stage.rebuilt
        stage.close(9, [tie_batch(random, 40, 300)], TIE_OPTIONS)
        again, _ = shares(stage)
        assert any(7 in members for members in again.values())
        assert all(again[key].keys() >= members.keys() for key, members in ties.items())


def test_a_batch_loses_the_account_and_what_only_it_showed() -> None:
    batch = tie_batch(np.random.default_rng(1), 40, 300)
    without = without_account(batch, 7)
    assert 7 not in without.accounts["account"].tolist()
    expected = {
        (account, key)
        for account, key in zip(
            batch.accounts["account"][batch.edges["slot"]].tolist(),
            batch.edges["tie"].tolist(),
            strict=True,
        )
        if account != 7
    }
    told = without.accounts["account"][without.edges["slot"]].tolist()
    assert set(zip(told, without.edges["tie"].tolist(), strict=True)) == expected
    assert without_account(batch, 999) is batch


def restored(partition: AccountPartition) -> tuple[AccountPartition, int]:
    cut = partition.cut(whole=False)
    assert cut.share == EVERYTHING
    other = AccountPartition(0, 1, OPTIONS, MemoryOptions())
    pieces = [decode_state(encode_state(piece)) for piece in cut.pieces]
    other.restore(decode_state(encode_state(cut.closing)), pieces)
    return other, cut.settled


def test_an_account_partition_forgets_and_passes_it_on() -> None:
    partition = new_partition()
    partition.receive(Facts("facts/0", NOTHING, 1, [fact(1, 4)]))
    partition.receive(rows(NOTHING, {0: 0, 1: 0}))
    close(partition, 0, requests=1)
    partition.cut(whole=True)
    before = partition.has_news
    sent = partition.receive(Forget(5, "amy"))
    assert sent.ties == [(0, Forget(5, "amy"))]
    assert sent.head == [Forget(5, "amy")]
    assert (before, partition.has_news) == (False, True)
    other, settled = restored(partition)
    assert settled == 1
    for one in (partition, other):
        assert one.stage.count == 0
        assert close(one, 1, requests=1, facts=1)
        assert one.stage.count == 0


def test_rows_of_open_epochs_are_forgotten_and_not_before_they_are_settled() -> None:
    log: list[ToAccounts] = [rows(NOTHING, {0: 0}), rows(0, {1: 1}), Forget(5, "amy")]
    partition = new_partition()
    for message in log[:1]:
        partition.receive(message)
    close(partition, 0, requests=0)
    for message in log[1:]:
        partition.receive(message)
    other, settled = restored(partition)
    # What was read before the first close, the close itself and its conclusion.
    assert settled == 4
    for message in log[1:]:
        other.receive(message)
    for one in (partition, other):
        assert close(one, 1, requests=1)
        assert one.stage.count == 0


def test_late_rows_are_forgotten() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0}))
    close(partition, 0, requests=0)
    partition.receive(rows(0, {1: 0}))
    partition.receive(Forget(5, "amy"))
    partition.receive(Close(FIRST + 1, {"requests/0": 1}))
    assert partition.stage.count == 0


def test_a_flag_is_not_kept_for_an_account_that_is_gone() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 1}))
    partition.receive(Close(FIRST, {"requests/0": 1}))
    partition.receive(Concluded(FIRST, Control(flagged=[5, 6]), renewed=True))
    partition.receive(Forget(5, "amy"))
    assert partition.cut(whole=True).closing["control"]["flagged"] == [6]


def test_a_tie_partition_forgets_what_it_knows_and_what_waits() -> None:
    random = np.random.default_rng(3)
    partition = TiePartition(0, 1, EpochOptions(), MemoryOptions(), scored())
    partition.receive(ConcludedTies(NOTHING, TIE_OPTIONS))
    partition.receive(TieRows(0, 10, tie_batch(random, 40, 300)))
    partition.receive(TieRows(0, 11, tie_batch(random, 40, 300)))
    partition.receive(Forget(7, "amy"))
    partition.receive(ConcludedTies(10, TIE_OPTIONS))
    assert partition.closed == 11
    assert 7 not in partition.stage.dump()["members"]["account"].tolist()
    assert 7 not in partition.stage.dump()["values"]["account"].tolist()
    assert partition.cut(whole=False).settled == 5
