"""Checkpoints of the account stage: a whole one and deltas make the stage again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.accounts.options import AccountOptions
from models.accounts.stage import AccountStage
from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from models.wire.checkpoint import PIECE_ROWS
from models.wire.messages import Control
from models.wire.state import decode_state, encode_state
from schemas.request import RequestEvent
from tests.models.rows import Row, batch_of
from tests.models.states import content
from tests.rounds import Rounds
from tests.strategies import KEY, START, events

SECONDS = 3_600
FIRST = START // SECONDS
OPTIONS = AccountOptions.of(SECONDS)
BUILDER = BatchBuilder(KEY)

Piece = dict[str, Any]


def new_stage() -> AccountStage:
    return AccountStage(OPTIONS, 2, journal=True)


class Saved:
    """A stage, and what its cuts left behind."""

    def __init__(self) -> None:
        self.stage = new_stage()
        self.rounds = Rounds[Piece]()
        self.closing: Piece = {}

    def cut(self, *, whole: bool) -> None:
        cut = self.stage.cut(whole=whole or not self.closing)
        self.closing = cut.closing
        self.rounds.take(cut, (decode_state(encode_state(piece)) for piece in cut.pieces))

    @property
    def pieces(self) -> list[Piece]:
        return self.rounds.pieces

    def restored(self) -> AccountStage:
        stage = new_stage()
        stage.restore(decode_state(encode_state(self.closing)), self.pieces)
        return stage


def settled(stage: AccountStage) -> Any:
    """What a cut must give back: all but rows of open epochs and the counts of the process."""
    state = stage.dump()
    return content(
        {name: state[name] for name in state if name not in {"open", "counts", "evicted"}}
    )


def spread(batch: EventBatch, closed: int, offsets: list[int]) -> EventBatch:
    """The batch with its rows in epochs after the closed one."""
    epochs = [closed + 1 + offset for offset in offsets[: len(batch)]]
    return replace(batch, epoch=np.array(epochs, np.int64))


known = st.sampled_from([BUILDER.account_key(f"account-{number}") for number in range(8)])
facts = st.lists(
    st.tuples(known, st.integers(0, 5), st.dictionaries(
        st.sampled_from(["plan", "created", "stated_payment"]), st.integers(1, 5), max_size=2
    )),
    max_size=3,
)  # fmt: skip
steps = st.lists(
    st.tuples(
        st.lists(events, min_size=1, max_size=12),
        st.lists(st.integers(0, 2), min_size=12, max_size=12),
        facts,
        st.sampled_from(["whole", "delta", "delta", "none", "forget"]),
    ),
    min_size=1,
    max_size=7,
)


def taken(step: Any, closed: int, stages: list[AccountStage]) -> list[Any]:
    """The reports of stages that take the rows and facts of a step and close the next epoch."""
    rows, offsets, told, _ = step
    batch = spread(BUILDER.build(rows), closed, offsets)
    reports = []
    for stage in stages:
        stage.add(batch)
        for account, ahead, values in told:
            stage.add_facts(account, (closed + ahead) * SECONDS * 1_000_000, values)
        control = Control(flagged=[account for account, _, _ in told[:1]])
        reports.append(stage.close(closed + 1, control))
    return reports


@settings(max_examples=40)
@given(steps)
def test_cuts_make_the_stage_again(given_steps: list[Any]) -> None:
    saved = Saved()
    for closed, step in enumerate(given_steps, FIRST):
        taken(step, closed, [saved.stage])
        if step[3] == "forget":
            saved.stage.forget_before(closed)
        if step[3] != "none":
            open_rows = saved.stage.open_epochs()
            saved.cut(whole=step[3] == "whole")
            if not open_rows:
                assert settled(saved.restored()) == settled(saved.stage)
    for epoch in saved.stage.open_epochs():
        saved.stage.close(epoch, Control())
    saved.cut(whole=False)
    assert settled(saved.restored()) == settled(saved.stage)


@settings(max_examples=30)
@given(st.lists(events, min_size=1, max_size=25), steps)
def test_a_restored_stage_goes_on_as_before(
    before: list[RequestEvent], given_steps: list[Any]
) -> None:
    saved = Saved()
    saved.stage.add(spread(BUILDER.build(before), FIRST - 1, [0] * len(before)))
    saved.stage.close(FIRST, Control())
    saved.cut(whole=True)
    stages = [saved.stage, saved.restored()]
    for closed, step in enumerate(given_steps, FIRST):
        one, other = taken(step, closed, stages)
        assert one.requests == other.requests
        assert content([one.cohorts, one.bins, one.sample]) == content(
            [other.cohorts, other.bins, other.sample]
        )
        assert [content(batch.edges) for batch in one.tie_batches] == [
            content(batch.edges) for batch in other.tie_batches
        ]
    assert settled(stages[0]) == settled(stages[1])


def spread_key(number: int) -> int:
    """A key for a small number, anywhere in the range as hashes are."""
    return number * 0x9E3779B97F4A7C15 % 2**64


def crowd(count: int, first: int = 1) -> EventBatch:
    accounts = [spread_key(first + row) for row in range(count)]
    batch = batch_of([Row(START * 1_000_000 + row, one) for row, one in enumerate(accounts)], first)
    return replace(batch, epoch=np.full(count, FIRST, np.int64))


def test_a_delta_holds_the_accounts_that_were_touched_and_its_share() -> None:
    saved = Saved()
    saved.stage.add(crowd(2_000))
    saved.stage.close(FIRST, Control())
    saved.cut(whole=True)
    saved.stage.add(replace(crowd(3, 5_000), epoch=np.full(3, FIRST + 1, np.int64)))
    saved.stage.close(FIRST + 1, Control(flagged=[spread_key(7)]))
    cut = saved.stage.cut(whole=False)
    written = [piece["profiles"]["account"] for piece in cut.pieces if "profiles" in piece]
    keys = saved.stage.dump()["profiles"]["account"]
    touched = {spread_key(number) for number in (7, 5_000, 5_001, 5_002)}
    due = keys[cut.share.holds(keys)]
    assert 0 < len(due) < 100
    assert set(np.concatenate(written).tolist()) == {*touched, *due.tolist()}


def test_pieces_stay_below_half_a_mebibyte() -> None:
    saved = Saved()
    saved.stage.add(crowd(2 * PIECE_ROWS + 9))
    saved.stage.close(FIRST, Control())
    for account in range(3_000):
        saved.stage.add_facts(account + 90_000, 0, {"plan": 2, "created": START, "owner": 2**63})
    saved.stage.close(FIRST + 1, Control())
    saved.cut(whole=True)
    assert max(len(encode_state(piece)) for piece in saved.pieces) < 512 * 1024
    assert settled(saved.restored()) == settled(saved.stage)


def test_slots_that_moved_ask_for_a_whole_cut() -> None:
    saved = Saved()
    saved.stage.add(crowd(50))
    saved.stage.close(FIRST, Control())
    saved.cut(whole=True)
    before = saved.stage.rebuilt
    saved.stage.add(replace(crowd(20), epoch=np.full(20, FIRST + 9, np.int64)))
    saved.stage.add(replace(crowd(20, 900), epoch=np.full(20, FIRST + 9, np.int64)))
    saved.stage.close(FIRST + 9, Control())
    saved.stage.forget_before(FIRST + 5)
    assert (before, saved.stage.rebuilt) == (False, True)
    saved.cut(whole=False)
    assert saved.restored().count == 20
    assert settled(saved.restored()) == settled(saved.stage)
