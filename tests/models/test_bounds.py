"""Laws of the bounds: what is kept, what goes first, and what never goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.accounts.options import AccountOptions
from models.accounts.stage import AccountStage
from models.evidence.baseline import FEATURES
from models.layouts import EDGE
from models.sweeping import kept_within, share_of
from models.ties.stage import TieStage
from models.wire.messages import Control, TieBatch, TieOptions
from models.wire.state import decode_state, encode_state
from tests.models.rows import Row, batch_of
from tests.models.states import content
from tests.models.ties.test_ties import TOLD
from tests.stream.traffic import scored

FIRST = 5_000_000
SECONDS = 300
OPTIONS = TieOptions(epoch_seconds=SECONDS)

bounds = st.integers(1, 40)
entries = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 2**64 - 1)), max_size=60)
epochs = st.lists(st.sets(st.integers(1, 60), max_size=30), min_size=1, max_size=8)
"""Accounts (or values) that are shown, epoch by epoch."""


@given(bounds, entries)
def test_the_longest_idle_leave_and_who_leaves_does_not_hang_on_the_order(
    bound: int, given_entries: list[tuple[int, int]]
) -> None:
    distinct = list({key: (epoch, key) for epoch, key in given_entries}.values())
    kept: list[set[tuple[int, int]]] = []
    for ordered in (distinct, distinct[::-1]):
        last = np.array([epoch for epoch, _ in ordered], np.int32)
        keys = np.array([key for _, key in ordered], np.uint64)
        places = kept_within(bound, 6, last, keys).tolist()
        assert places == sorted(set(places))
        kept.append({ordered[place] for place in places})
    assert kept[0] == kept[1]
    assert len(kept[0]) <= bound
    gone = set(distinct) - kept[0]
    assert not gone or len(distinct) > bound
    assert all(left < stayed for left in gone for stayed in kept[0])
    active = [entry for entry in distinct if entry[0] == 6]
    assert len(active) > bound or kept[0].issuperset(active)


def test_a_bound_that_is_reached_leaves_room_for_a_while() -> None:
    keys = np.arange(1, 1_602, dtype=np.uint64)
    assert len(kept_within(1_600, 9, np.zeros(1_601, np.int32), keys)) == 1_500
    assert len(kept_within(1_600, 0, np.zeros(1_601, np.int32), keys)) == 1_600


@pytest.mark.parametrize(("bound", "partitions", "share"), [(10, 1, 10), (10, 3, 3), (1, 3, 1)])
def test_partitions_share_a_bound_alike(bound: int, partitions: int, share: int) -> None:
    assert share_of(bound, partitions) == share


def closed_accounts(stage: AccountStage, shown: set[int], epoch: int) -> None:
    if shown:
        moment = epoch * SECONDS * 1_000_000
        batch = batch_of([Row(moment + account, account) for account in sorted(shown)])
        numbers = batch.account + np.uint64(epoch * 1_000)
        epochs_of = np.full(len(batch), epoch)
        stage.add(replace(batch, epoch=epochs_of, request=numbers, reference=numbers))
    stage.close(epoch, Control())


@settings(max_examples=60)
@given(bounds, epochs)
def test_there_are_never_more_accounts_than_may_be_after_a_close(
    bound: int, shown: list[set[int]]
) -> None:
    stage = AccountStage(AccountOptions.of(SECONDS), 1, journal=True)
    last: dict[int, int] = {}
    for epoch, accounts in enumerate(shown, FIRST):
        closed_accounts(stage, accounts, epoch)
        last |= dict.fromkeys(accounts, epoch)
        before, evicted = stage.count, stage.evicted
        stage.keep_at_most(bound)
        assert stage.evicted - evicted == before - stage.count
        kept = set(stage.dump()["profiles"]["account"].tolist())
        assert len(kept) == stage.count <= bound
        assert len(accounts) > bound or kept >= accounts
        for gone in last.keys() - kept:
            assert all(last[gone] <= last[stayed] for stayed in kept)
        last = {account: last[account] for account in kept}
        known = stage.answer(np.array(sorted(kept), np.uint64))
        assert {key: holder.name for key, holder in known.items()} == {
            account: f"account-{account}" for account in kept
        }


def shown_by_three(values: set[int]) -> TieBatch:
    """Three accounts that show all of these values."""
    told = np.zeros(3, TOLD)
    told["account"] = [1, 2, 3]
    edges = np.zeros(3 * len(values), EDGE)
    edges["slot"] = np.repeat([0, 1, 2], len(values))
    edges["tie"] = np.tile(np.array(sorted(values), np.uint64) << np.uint64(4), 3) + np.uint64(1)
    edges["count"] = 2
    ranks = np.zeros((3, FEATURES), np.uint8)
    return TieBatch(told, np.full(3, 9, np.int32), ranks, False, edges, {})


@settings(max_examples=60, deadline=None)
@given(bounds, epochs)
def test_there_are_never_more_ties_than_may_be_after_a_close(
    bound: int, shown: list[set[int]]
) -> None:
    stage = TieStage(scored(), 40)
    for epoch, values in enumerate(shown, FIRST):
        stage.close(epoch, [shown_by_three(values)], OPTIONS)
        before, evicted = stage.count, stage.evicted
        stage.keep_at_most(bound, epoch)
        assert stage.evicted - evicted == before - stage.count
        state = stage.dump()
        kept = {key >> 4 for key in state["ties"]["key"].tolist()}
        assert len(kept) == stage.count == len(state["values"]) <= bound
        assert len(values) > bound or kept >= values
        assert state["members"]["tie"].tolist().count(0) == (3 if kept else 0)
        assert len(state["members"]) == 3 * len(kept)
        again = TieStage(scored(), 40)
        again.load(decode_state(encode_state(state)))
        assert content(again.dump()) == content(state)


def test_a_tie_that_was_dropped_begins_anew() -> None:
    stage = TieStage(scored(), 40)
    stage.close(FIRST, [shown_by_three({1})], OPTIONS)
    stage.close(FIRST + 1, [shown_by_three({2, 3})], OPTIONS)
    stage.keep_at_most(2, FIRST + 1)
    stage.close(FIRST + 2, [shown_by_three({1})], OPTIONS)
    ties = stage.dump()["ties"]
    assert ties["volume"][ties["key"] == 17].tolist() == [6]
    assert stage.evicted == 1
