"""An account partition behind its log: what it takes, what it holds back, what a cut may claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.accounts.partition import AccountPartition
from models.layouts import PROFILE
from models.options import EpochOptions, MemoryOptions
from models.wire.messages import Control
from models.wire.protocol import (
    NOTHING,
    AccountsClosed,
    Answer,
    Ask,
    Close,
    Concluded,
    Facts,
    Rows,
    ToAccounts,
    ToHead,
)
from models.wire.state import decode_state, encode_state
from tests.models.rows import Row, batch_of

SECOND = 1_000_000
DAY = 86_400 * SECOND
OPTIONS = EpochOptions(seconds=300, lateness_seconds=120)
LENGTH = 300 * SECOND
FIRST = 20_370 * 288
START = FIRST * LENGTH


def new_partition() -> AccountPartition:
    partition = AccountPartition(0, 1, OPTIONS, MemoryOptions())
    partition.receive(Concluded(NOTHING, Control(), renewed=True))
    return partition


def rows(
    previous: int, epochs: Mapping[int, int], source: str = "requests/0", last: int | None = None
) -> Rows:
    """Rows of a source: position and epoch (after the first) of each; all of account 5.

    They are of long ago, so that nobody remembers them as duplicates.
    """
    batch = batch_of([Row(START - 9 * DAY + place * SECOND, 5) for place in epochs])
    batch.request[:] = batch.reference[:] = np.array(list(epochs), np.uint64) + np.uint64(1)
    batch.position[:] = list(epochs)
    batch.epoch[:] = [FIRST + epoch for epoch in epochs.values()]
    return Rows(source, previous, max(epochs) if last is None else last, batch)


def close(partition: AccountPartition, epoch: int, **coverage: int) -> list[ToHead]:
    """Close an epoch (after the first) and conclude it; what the head is told."""
    told = {f"{name}/0": position for name, position in coverage.items()}
    said = partition.receive(Close(FIRST + epoch, told)).head
    partition.receive(Concluded(FIRST + epoch, Control(), renewed=False))
    return said


def requests(told: Sequence[ToHead]) -> int:
    [report] = [one for one in told if isinstance(one, AccountsClosed)]
    return report.report.requests


def profiles(partition: AccountPartition) -> NDArray[np.void]:
    records = partition.stage.dump()["profiles"]
    assert records.dtype == PROFILE
    return np.asarray(records)


def lifetime(partition: AccountPartition) -> int:
    return int(profiles(partition)["lifetime"].sum())


def resumed(partition: AccountPartition) -> tuple[AccountPartition, int]:
    """A partition restored from a cut, and how many messages it need not read again."""
    cut = partition.cut(whole=True)
    other = AccountPartition(0, 1, OPTIONS, MemoryOptions())
    pieces = [decode_state(encode_state(piece)) for piece in cut.pieces]
    other.restore(decode_state(encode_state(cut.closing)), pieces)
    return other, cut.settled


def replayed(log: Sequence[ToAccounts], partition: AccountPartition) -> AccountPartition:
    for message in log:
        partition.receive(message)
    return partition


def test_repeated_and_recut_rows_count_once() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 0, 4: 1}))
    partition.receive(rows(NOTHING, {0: 0, 1: 0, 4: 1}))
    assert requests(close(partition, 0, requests=4)) == 2
    partition.receive(rows(1, {4: 1, 6: 1, 9: 2}))
    assert [requests(close(partition, epoch, requests=9)) for epoch in (1, 2)] == [2, 1]
    assert lifetime(partition) == 5


def test_rows_with_something_missing_before_them_wait_until_they_come_again() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 0}))
    partition.receive(rows(5, {6: 0, 7: 1}))
    assert partition.gaps == 1
    assert close(partition, 0, requests=7) == []
    partition.receive(rows(1, {3: 0, 5: 0}))
    told = partition.receive(rows(5, {6: 0, 7: 1})).head
    assert requests(told) == 5


def test_a_cut_does_not_claim_what_was_not_taken() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 0}))
    partition.receive(rows(5, {6: 1, 7: 1}))
    close(partition, 0, requests=1)
    other, settled = resumed(partition)
    assert settled == 5
    for one in (partition, other):
        one.receive(rows(1, {3: 1, 5: 1, 6: 1, 7: 1}))
        assert requests(close(one, 1, requests=7)) == 4


def test_a_close_waits_until_every_source_is_covered() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0}))
    assert close(partition, 0, requests=3, others=2) == []
    assert partition.receive(rows(NOTHING, {2: 0}, "others/0")).head == []
    assert partition.receive(rows(0, {2: 1}, last=2)).head == []
    assert requests(partition.receive(Rows("requests/0", 2, 3, None)).head) == 2


def test_rows_of_a_closed_epoch_count_once_in_the_next() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 3}))
    assert requests(close(partition, 0, requests=1)) == 1
    log = [rows(1, {2: 0}), rows(2, {3: 1})]
    replayed(log, partition)
    other, settled = resumed(partition)
    assert settled == 1
    replayed([rows(NOTHING, {0: 0, 1: 3}), *log], other)
    for one in (partition, other):
        assert requests(close(one, 1, requests=3)) == 2
        assert requests(close(one, 3, requests=3)) == 1


def test_a_late_row_is_read_again_until_it_has_counted() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0}))
    close(partition, 0, requests=0)
    partition.receive(rows(0, {1: 0}))
    other, settled = resumed(partition)
    assert settled == 4
    assert requests(close(replayed([rows(0, {1: 0})], other), 1, requests=1)) == 1


def test_rows_that_were_counted_late_are_not_counted_again() -> None:
    log = [rows(NOTHING, {0: 0, 1: 3}), rows(1, {2: 0, 3: 3})]
    partition = new_partition()
    partition.receive(log[0])
    close(partition, 0, requests=1)
    partition.receive(log[1])
    assert requests(close(partition, 2, requests=3)) == 1
    other, _ = resumed(partition)
    replayed(log, other)
    assert requests(close(other, 3, requests=3)) == 2
    assert lifetime(other) == 4


def test_rows_of_an_epoch_that_was_passed_over_count_in_the_next() -> None:
    log = [rows(NOTHING, {0: 0, 1: 1, 2: 1, 3: 2})]
    partition = replayed(log, new_partition())
    assert requests(close(partition, 0, requests=0)) == 1
    assert requests(close(partition, 2, requests=3)) == 3
    other, _ = resumed(partition)
    replayed(log, other)
    assert lifetime(other) == lifetime(partition) == 4
    assert requests(close(other, 3, requests=3)) == 0


def fact(position: int, plan: int) -> tuple[int, int, int, dict[str, int]]:
    return position, 5, START, {"plan": plan}


def test_facts_act_once_however_they_are_cut() -> None:
    partition = new_partition()
    partition.receive(Facts("facts/0", NOTHING, 1, [fact(0, 4)]))
    partition.receive(rows(NOTHING, {0: 0}))
    close(partition, 0, requests=0, facts=1)
    assert profiles(partition)["plan"].tolist() == [4]
    told = rows(0, {1: 1})
    assert told.batch is not None
    told.batch.plan[:] = 2
    partition.receive(told)
    close(partition, 1, requests=1, facts=1)
    partition.receive(Facts("facts/0", NOTHING, 3, [fact(0, 4), (3, 6, START, {"plan": 1})]))
    close(partition, 2, requests=1, facts=3)
    assert profiles(partition)["plan"].tolist() == [2]


def test_facts_act_when_the_head_knows_of_them() -> None:
    partition = new_partition()
    partition.receive(Facts("facts/0", NOTHING, 3, [fact(1, 4), fact(3, 5)]))
    partition.receive(rows(NOTHING, {0: 0, 1: 1}))
    close(partition, 0, requests=0, facts=2)
    assert profiles(partition)["plan"].tolist() == [4]
    other, _ = resumed(partition)
    replayed([rows(NOTHING, {0: 0, 1: 1})], other)
    close(other, 1, requests=1, facts=3)
    assert profiles(other)["plan"].tolist() == [5]


def test_facts_with_something_missing_before_them_are_not_taken() -> None:
    partition = new_partition()
    partition.receive(Facts("facts/0", 4, 6, [fact(6, 4)]))
    assert partition.gaps == 1
    partition.receive(rows(NOTHING, {0: 0}))
    assert close(partition, 0, requests=0, facts=6) == []
    assert requests(partition.receive(Facts("facts/0", NOTHING, 6, [fact(2, 3)])).head) == 1
    assert profiles(partition)["plan"].tolist() == [3]


def test_a_question_is_answered_until_the_epoch_is_concluded() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 0}))
    partition.receive(Close(FIRST, {"requests/0": 1}))
    for _ in range(2):
        [answer] = partition.receive(Ask(FIRST, [5, 6])).head
        assert isinstance(answer, Answer)
        assert list(answer.holders) == [5]
        assert answer.holders[5].requests == 2
    partition.receive(Concluded(FIRST, Control(), renewed=False))
    assert partition.receive(Ask(FIRST, [5])).head == []


def test_an_epoch_is_closed_once() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 1}))
    assert requests(close(partition, 0, requests=1)) == 1
    assert close(partition, 0, requests=1) == []
    assert requests(close(partition, 1, requests=1)) == 1
    assert close(partition, 0, requests=1) == []


def test_a_cut_stays_as_it_is_while_the_partition_goes_on() -> None:
    partition = new_partition()
    partition.receive(rows(NOTHING, {0: 0, 1: 2}))
    partition.receive(Facts("facts/0", NOTHING, 2, [fact(1, 4), (2, 6, START, {"plan": 1})]))
    close(partition, 0, requests=1, facts=2)
    cut = partition.cut(whole=True)
    before = encode_state({"closing": cut.closing, "pieces": list(cut.pieces)})
    later = [(3, 6, START, {"owner": 7}), (4, 8, START + 9 * LENGTH, {"plan": 2})]
    partition.receive(Facts("facts/0", 2, 4, later))
    assert requests(close(partition, 2, requests=1, facts=3)) == 1
    assert encode_state({"closing": cut.closing, "pieces": list(cut.pieces)}) == before
