"""Checkpoints of the tie stage: a whole one and deltas make the stage again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.evidence.baseline import FEATURES
from models.layouts import EDGE
from models.ties.stage import TieStage
from models.wire.checkpoint import EVERYTHING, Cut
from models.wire.messages import TieBatch, TieOptions
from models.wire.state import decode_state, encode_state
from tests.models.states import content
from tests.rounds import Rounds
from tests.stream.traffic import scored

SINGLE_EPOCHS = 40
OPTIONS = TieOptions(epoch_seconds=300, most_members=50)
TOLD = np.dtype([(name, np.uint64) for name in ("account", "owner", "payment", "network")])
FIRST = 5_000_000

Piece = dict[str, Any]


def spread(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Distinct keys for distinct small numbers, all over the range as hashes are."""
    return numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def batch_of(random: np.random.Generator, accounts: int, edges: int, values: int) -> TieBatch:
    """Accounts that show random ones of so many values, a few of which may be shown in clear."""
    told = np.zeros(accounts, TOLD)
    told["account"] = spread(random.choice(5_000, accounts, replace=False) + 1)
    told["owner"] = random.integers(0, 40, accounts)
    shown = np.zeros(edges, EDGE)
    shown["slot"] = random.integers(0, accounts, edges)
    shown["tie"] = spread(random.integers(1, values, edges)) & ~np.uint64(15) | np.uint64(1)
    shown["count"] = random.integers(1, 9, edges)
    shown = shown[np.unique(shown[["slot", "tie"]], return_index=True)[1]]
    keys = random.choice(shown["tie"], 4).tolist()
    return TieBatch(
        told,
        random.integers(1, 900, accounts).astype(np.int32),
        random.integers(0, 256, (accounts, FEATURES)).astype(np.uint8),
        True,
        shown,
        {key: f"client {key}" for key in keys},
    )


def new_stage() -> TieStage:
    return TieStage(scored(), SINGLE_EPOCHS)


class Saved:
    """A stage, and what its cuts left behind."""

    def __init__(self) -> None:
        self.stage = new_stage()
        self.epoch = -1
        self.rounds = Rounds[Piece]()
        self.closing: Piece = {}

    def close(self, epoch: int, batch: TieBatch) -> None:
        self.stage.close(epoch, [batch], OPTIONS)
        self.epoch = epoch

    def cut(self, *, whole: bool) -> bool:
        """Cut; whether it was a delta."""
        cut = self.stage.cut(self.epoch, whole=whole or not self.closing)
        self.closing = cut.closing
        self.rounds.take(cut, (decode_state(encode_state(piece)) for piece in cut.pieces))
        return cut.share != EVERYTHING

    @property
    def pieces(self) -> list[Piece]:
        return self.rounds.pieces

    def restored(self) -> TieStage:
        stage = new_stage()
        stage.restore(self.epoch, decode_state(encode_state(self.closing)), self.pieces)
        return stage


@pytest.mark.parametrize("seed", range(4))
def test_cuts_make_the_stage_again(seed: int) -> None:
    random = np.random.default_rng(seed)
    saved, deltas, grown = Saved(), 0, set[int]()
    for epoch in range(FIRST, FIRST + 60, 3):
        saved.close(epoch, batch_of(random, 300, 2_000, 40_000))
        if random.random() < 0.2:
            saved.stage.forget_before(epoch - 12)
        if random.random() < 0.7:
            deltas += saved.cut(whole=random.random() < 0.2)
            assert content(saved.restored().dump()) == content(saved.stage.dump())
            grown.add(saved.closing["capacity"])
    assert deltas >= 3
    assert len(grown) >= 2
    assert saved.stage.count > 1_000


def changed_records(cut: Cut) -> dict[str, list[str]]:
    """Records by kind, in no order: where a value lies depends on how it came there."""
    return {
        name: sorted(repr(row) for piece in cut.changed for row in piece.get(name, ()))
        for name in ("values", "ties", "members")
    }


@pytest.mark.parametrize(("seed", "edges"), [(0, 1_500), (1, 1_500), (2, 100), (3, 20)])
def test_a_restored_stage_goes_on_as_before(seed: int, edges: int) -> None:
    random = np.random.default_rng(seed)
    saved = Saved()
    for epoch in range(FIRST, FIRST + 6):
        saved.close(epoch, batch_of(random, 200, edges, 2 * edges))
        saved.cut(whole=False)
    stages = [saved.stage, saved.restored()]
    for epoch in range(FIRST + 6, FIRST + 14):
        batch = batch_of(random, 200, edges, 4 * edges)
        one, other = (stage.close(epoch, [batch], OPTIONS) for stage in stages)
        assert content([one.singles, one.tie_count, one.member_count]) == content(
            [other.singles, other.tie_count, other.member_count]
        )
        for name in ("statistics", "scores", "members", "member_ends", "clear", "first_epochs"):
            assert content(getattr(one.ties, name)) == content(getattr(other.ties, name))
    assert content(stages[0].dump()) == content(stages[1].dump())
    here, there = (changed_records(stage.cut(FIRST + 13, whole=False)) for stage in stages)
    assert here == there


def test_a_delta_holds_what_was_touched_and_its_share() -> None:
    random = np.random.default_rng(8)
    saved = Saved()
    saved.close(FIRST, batch_of(random, 300, 3_000, 3_000))
    assert not saved.cut(whole=False)
    batch = batch_of(random, 20, 60, 3_000)
    saved.close(FIRST + 1, batch)
    cut = saved.stage.cut(FIRST + 1, whole=False)
    kept = saved.stage.dump()["values"]["key"]
    due = kept[cut.share.holds(kept)]
    assert 0 < len(due) < len(kept) / 8
    values = [piece["values"]["key"] for piece in cut.pieces if "values" in piece]
    assert set(np.concatenate(values).tolist()) == {*batch.edges["tie"].tolist(), *due.tolist()}
    held = saved.stage.dump()["members"]
    members = sum(len(piece["members"]) for piece in cut.pieces if "members" in piece)
    renewed = int(cut.share.holds(held["account"]).sum())
    assert renewed < members <= renewed + 2 * len(batch.edges)


def test_pieces_stay_below_half_a_mebibyte() -> None:
    random = np.random.default_rng(9)
    saved = Saved()
    saved.close(FIRST, batch_of(random, 3_000, 60_000, 30_000))
    saved.cut(whole=True)
    assert len(saved.pieces) > 5
    assert max(len(encode_state(piece)) for piece in saved.pieces) < 512 * 1024


def test_places_that_moved_ask_for_a_whole_cut() -> None:
    random = np.random.default_rng(10)
    saved = Saved()
    saved.close(FIRST, batch_of(random, 300, 3_000, 3_000))
    saved.cut(whole=True)
    before = saved.stage.rebuilt
    saved.close(FIRST + 20, batch_of(random, 100, 500, 3_000))
    saved.stage.forget_before(FIRST + 10)
    assert (before, saved.stage.rebuilt) == (False, True)
    assert not saved.cut(whole=False)
    assert content(saved.restored().dump()) == content(saved.stage.dump())


def test_growing_asks_for_no_whole_cut() -> None:
    random = np.random.default_rng(11)
    saved = Saved()
    saved.close(FIRST, batch_of(random, 300, 3_000, 30_000))
    saved.cut(whole=True)
    before = saved.closing["capacity"]
    for epoch in range(FIRST + 1, FIRST + 9):
        saved.close(epoch, batch_of(random, 300, 3_000, 300_000))
    assert not saved.stage.rebuilt
    saved.cut(whole=False)
    assert saved.closing["capacity"] > before
    assert content(saved.restored().dump()) == content(saved.stage.dump())


def test_singles_that_were_forgotten_are_not_restored() -> None:
    random = np.random.default_rng(12)
    saved = Saved()
    saved.close(FIRST, batch_of(random, 300, 9_000, 900_000))
    saved.cut(whole=True)
    forgotten = saved.stage.dump()["values"]["key"]
    saved.close(FIRST + SINGLE_EPOCHS + 1, batch_of(random, 300, 9_000, 900_000))
    assert not saved.stage.rebuilt
    saved.cut(whole=False)
    kept = saved.restored().dump()["values"]["key"]
    assert len(np.intersect1d(kept, forgotten)) < len(forgotten) // 10
    assert content(saved.restored().dump()) == content(saved.stage.dump())


def test_growing_keeps_every_value() -> None:
    random = np.random.default_rng(13)
    stage = new_stage()
    shown: set[int] = set()
    for epoch in range(FIRST, FIRST + 12):
        batch = batch_of(random, 300, 4_000, 400_000)
        shown.update(batch.edges["tie"].tolist())
        stage.close(epoch, [batch], OPTIONS)
    assert stage.dump()["values"]["key"].tolist() == sorted(shown)
