from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

import pytest

from models.checkpoint import Cut
from models.wire import FRAME_BYTES
from stream.worker.checkpoints import Checkpoints, CheckpointTable


class Kept(dict[bytes, bytes]):
    """What faust keeps of a table: the latest value of each key."""

    def __init__(self, *, on_disk: bool = False) -> None:
        super().__init__()
        self.on_disk = on_disk

    def take_deliveries(self) -> list[Awaitable[Any]]:
        return []


def opened(kept: Kept, partition: int = 0) -> Checkpoints:
    return Checkpoints(cast("CheckpointTable", kept), partition)


def cut(*pieces: object, whole: bool = False, closing: object = None) -> Cut:
    return Cut(whole, [{"piece": piece} for piece in pieces], {"closing": closing}, 0)


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


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_was_read_from_a_disk_is_written_whole_again(*, on_disk: bool) -> None:
    kept = Kept(on_disk=on_disk)
    opened(kept).write(cut(1, whole=True))
    again = opened(kept)
    again.read()
    assert again.wants_whole == on_disk
    again.write(cut(1, whole=True))
    assert not again.wants_whole


def test_a_cut_that_was_begun_holds_only_once_it_is_closed() -> None:
    kept = Kept()
    checkpoints = opened(kept)
    checkpoints.write(cut(1, 2, whole=True, closing="first"))
    checkpoints.begin(cut(3, 4, 5, whole=True, closing="second"))
    left = []
    while checkpoints.go_on():
        left.append(restored(kept))
    assert left == [("first", [1, 2])] * 2
    opened_before = checkpoints.is_open
    checkpoints.close()
    assert (opened_before, checkpoints.is_open) == (True, False)
    assert restored(kept) == ("second", [3, 4, 5])


def test_a_delta_without_pieces_is_closed_at_once() -> None:
    kept = Kept()
    checkpoints = opened(kept)
    checkpoints.write(cut(1, whole=True))
    checkpoints.begin(cut(closing="later"))
    assert not checkpoints.go_on()
    checkpoints.close()
    assert restored(kept) == ("later", [1])


def test_what_was_not_begun_is_not_closed() -> None:
    with pytest.raises(RuntimeError, match="begun"):
        opened(Kept()).close()


class Delivering(Kept):
    """Names what was written instead of delivering it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def __setitem__(self, key: bytes, record: bytes) -> None:
        super().__setitem__(key, record)
        self.written.append(key)

    def take_deliveries(self) -> list[Any]:
        written, self.written = self.written, []
        return written


def test_each_partition_waits_for_its_own_deliveries_and_all_of_them() -> None:
    kept = Delivering()
    one, other = opened(kept, 1), opened(kept, 2)
    one.begin(cut("a", "b", whole=True))
    one.go_on()
    deliveries: list[list[Any]] = [other.write(cut("c", whole=True)), []]
    one.go_on()
    deliveries[1] = one.close()
    assert [{key[:2] for key in keys} for keys in deliveries] == [{b"2/"}, {b"1/"}]
    assert sorted(key for keys in deliveries for key in keys) == sorted(kept)
