from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.wire.checkpoint import EVERYTHING, Cut, Renewal, Share
from models.wire.codec import FRAME_BYTES
from schemas.errors import InvalidRecord
from stream.keys import HashKey
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.checkpoints import Checkpoints, CheckpointTable
from tests.rounds import Rounds

OTHER = HashKey(secret=b"o" * 32, id="0badcafe", public=False)


class Kept(dict[bytes, bytes]):
    """What faust keeps of a table: the latest value of each key."""

    def take_deliveries(self) -> list[Awaitable[Any]]:
        return []


def opened(kept: Kept, partition: int = 0) -> Checkpoints:
    return Checkpoints(cast("CheckpointTable", kept), partition)


def cut(*pieces: object, whole: bool = False, closing: object = None) -> Cut:
    share = EVERYTHING if whole else Share(1, 2)
    return Cut(share, [], [{"piece": piece} for piece in pieces], {"closing": closing}, 0)


def restored(kept: Kept, partition: int = 0) -> tuple[object, list[object]]:
    saved = opened(kept, partition).read()
    assert saved is not None
    return saved.closing["closing"], [piece["piece"] for piece in saved.pieces]


def test_a_partition_without_checkpoints_has_no_state() -> None:
    assert opened(Kept()).read() is None


def test_a_delta_is_read_after_the_whole_that_it_adds_to() -> None:
    kept = Kept()
    checkpoints = opened(kept)
    checkpoints.write(cut(1, 2, whole=True, closing="first"))
    checkpoints.write(cut(3, closing="second"))
    assert restored(kept) == ("second", [1, 2, 3])


def test_a_whole_one_replaces_what_was_before() -> None:
    kept = Kept()
    checkpoints = opened(kept)
    for number in range(5):
        checkpoints.write(cut(number, whole=True, closing=number))
    assert restored(kept) == (4, [4])
    assert len(kept) <= 6


def test_a_checkpoint_of_another_key_is_refused_and_stays_as_it_is() -> None:
    kept = Kept()
    table = cast("CheckpointTable", kept)
    ours = StateKeys(Settings())
    Checkpoints(table, 0, ours).write(cut(1, whole=True, closing="first"))
    before = dict(kept)
    with pytest.raises(InvalidRecord, match="set GAUGER_KEY_FILE"):
        Checkpoints(table, 0, StateKeys(Settings(key=OTHER))).read()
    assert kept == before
    read = Checkpoints(table, 0, ours).read()
    assert read is not None
    assert read.closing == {"closing": "first"}


def test_a_piece_of_any_size_is_read_back() -> None:
    kept = Kept()
    large = bytes(3 * FRAME_BYTES)
    opened(kept).write(cut(large, whole=True))
    assert max(map(len, kept.values())) <= FRAME_BYTES
    assert restored(kept) == (None, [large])


def test_partitions_do_not_see_each_other() -> None:
    kept = Kept()
    opened(kept, 1).write(cut("one", whole=True))
    opened(kept, 11).write(cut("eleven", whole=True))
    assert restored(kept, 1) == (None, ["one"])
    assert restored(kept, 11) == (None, ["eleven"])


def test_who_has_lost_a_partition_undoes_nothing() -> None:
    kept = Kept()
    before = opened(kept)
    before.read()
    before.write(cut("old", whole=True))
    after = opened(kept)
    after.read()
    after.write(cut("new", whole=True))
    before.write(cut("late", whole=True))
    assert restored(kept) == (None, ["new"])


def test_what_is_cut_off_before_the_closing_record_changes_nothing() -> None:
    kept = Kept()
    checkpoints = opened(kept)
    checkpoints.write(cut("first", whole=True, closing=1))
    before = dict(kept)
    checkpoints.write(cut("second", whole=True, closing=2))
    written = {key: value for key, value in kept.items() if key not in before}
    half = Kept()
    half.update(before | written)
    assert restored(half) == (1, ["first"])


def test_each_term_begins_with_a_whole_one() -> None:
    kept = Kept()
    opened(kept).write(cut(1, whole=True))
    again = opened(kept)
    again.read()
    assert again.wants_whole
    again.write(cut(1, whole=True))
    assert not again.wants_whole


def test_what_holds_does_not_grow_with_restarts() -> None:
    kept, sizes = Kept(), []
    for number in range(9):
        checkpoints, renewal = opened(kept), Renewal()
        checkpoints.read()
        for _ in range(5):
            share = renewal.share(1, 1_000, whole=checkpoints.wants_whole)
            checkpoints.write(Cut(share, [{"piece": number}], [{"piece": number}], {}, 0))
        sizes.append(checkpoints.weight)
    assert sizes[-1] == sizes[0]


sizes = st.integers(0, 3)


@given(st.lists(st.tuples(sizes, sizes, st.integers(0, 60), st.booleans()), max_size=30))
def test_what_is_obsolete_is_read_no_more(steps: list[tuple[int, int, int, bool]]) -> None:
    kept, renewal, rounds = Kept(), Renewal(), Rounds[object]()
    checkpoints = opened(kept)
    for number, (renewed, pieces, changed, whole) in enumerate(steps):
        share = renewal.share(changed, 100, whole=whole or checkpoints.wants_whole)
        written = [{"piece": [number, piece]} for piece in range(renewed + pieces + 1)]
        one = Cut(share, written[:renewed], written[renewed:], {"closing": number}, 0)
        checkpoints.write(one)
        rounds.take(one, [piece["piece"] for piece in one.pieces])
        assert restored(kept) == (number, rounds.pieces)


def test_a_round_goes_on_after_a_restart() -> None:
    kept = Kept()
    opened(kept).write(cut(1, whole=True))
    again = opened(kept)
    again.read()
    for share, piece in ((Share(0, 9), 2), (Share(9, 2**64), 3)):
        assert restored(kept)[1] == list(range(1, piece))
        again.write(Cut(share, [{"piece": piece}], [], {"closing": None}, 0))
    assert restored(kept)[1] == [2, 3]
