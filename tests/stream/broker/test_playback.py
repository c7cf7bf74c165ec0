from __future__ import annotations

from typing import NamedTuple

import pytest

from models.options import EpochOptions
from stream.broker.marks import Mark, read_mark
from stream.broker.pace import Pace
from stream.broker.playback import Playback
from stream.broker.producer import Headers
from stream.broker.traffic import Row
from stream.clock import now

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
EPOCH = EpochOptions(seconds=300, lateness_seconds=120)


class Clock:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def idle(self, seconds: float) -> None:
        # As real ones, it moves on however short the wait.
        self.seconds += max(seconds, 1e-6)


class Taken(NamedTuple):
    """A record as the topic took it."""

    partition: int
    milliseconds: int
    key: bytes | None
    value: bytes
    mark: Mark | None
    shipped: float | None


class TwinTopic:
    """A topic in memory that knows at what time its records were shipped."""

    partitions = 3

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.records: list[Taken] = []

    def append(
        self,
        partition: int,
        milliseconds: int,
        key: bytes | None,
        value: bytes,
        headers: Headers = [],  # noqa: B006 - as aiokafka has it
    ) -> None:
        self.records.append(Taken(partition, milliseconds, key, value, read_mark(headers), None))

    def ship(self) -> None:
        self.records = [
            one if one.shipped is not None else one._replace(shipped=self._clock())
            for one in self.records
        ]

    def times_marked(self, partition: int) -> list[float]:
        """Seconds after the start of each mark."""
        marks = [one.mark for one in self.records if one.partition == partition and one.mark]
        return [(mark.time - START) / SECOND for mark in marks]


def row(seconds: float, number: int = 0) -> Row:
    time = START + int(seconds * SECOND)
    return (time, time // 1_000, b"a", number, b"%d" % seconds)


def played(
    seconds: list[float], speed: float | None = None, epoch: EpochOptions = EPOCH
) -> TwinTopic:
    clock = Clock()
    topic = TwinTopic(clock)
    pace = None if speed is None else Pace(speed, clock)
    playback = Playback(topic, epoch, pace, clock.idle)
    playback.publish(row(second) for second in seconds)
    topic.ship()
    assert playback.lines == len(seconds)
    assert playback.marks == sum(one.mark is not None for one in topic.records)
    return topic


def test_a_row_goes_to_the_partition_of_its_hash() -> None:
    topic = TwinTopic(Clock())
    Playback(topic, EPOCH).publish([row(0, 7)])
    last = topic.records[-1]
    assert last == Taken(1, START // 1_000, b"a", b"0", None, None)


def test_every_partition_is_told_each_minute_how_far_the_traffic_came() -> None:
    topic = played([0, 20, 59, 60, 100, 119, 200])
    for partition in range(3):
        assert topic.times_marked(partition) == [-120, -60, 80]


def test_a_mark_comes_before_the_row_that_brought_the_time() -> None:
    values = [one.value for one in played([0, 60]).records]
    assert values == [b"", b"", b"", b"0", b"", b"", b"", b"60"]


def test_without_lateness_a_mark_says_the_time_of_the_row_after_it() -> None:
    epoch = EpochOptions(seconds=300, lateness_seconds=0)
    assert played([0, 61], epoch=epoch).times_marked(0) == [0, 61]


def test_no_mark_is_made_before_any_time_is_known() -> None:
    topic = TwinTopic(Clock())
    Playback(topic, EPOCH).publish([(0, 5, None, 4, b"?")] * 3)
    assert [one.mark for one in topic.records] == [None] * 3


@pytest.mark.parametrize("speed", [1.0, 7.0, 1_000.0])
def test_no_row_is_sent_before_it_is_due(speed: float) -> None:
    seconds = [0, 0.01, 1, 30, 31.5, 31.6, 400, 3_000]
    rows = [one for one in played(seconds, speed).records if one.mark is None]
    for second, one in zip(seconds, rows, strict=True):
        assert one.shipped is not None
        wait = one.shipped - 1_000.0 - second / speed
        # Rows of a tenth of a second are sent together.
        assert wait >= -0.1 - 1e-6
        assert wait < 0.2 or speed > 500


def test_a_silence_is_marked_while_it_lasts() -> None:
    topic = played([0, 600], speed=1.0)
    marked = [one for one in topic.records if one.partition == 0 and one.mark]
    assert len(marked) == 11
    for one in marked:
        assert one.mark is not None
        assert one.shipped is not None
        told = (one.mark.time - START) / SECOND + 120
        assert told <= one.shipped - 1_000.0 + 1e-3


def test_at_the_end_all_partitions_are_told_enough_to_close_the_last_epoch() -> None:
    topic = TwinTopic(Clock())
    playback = Playback(topic, EPOCH)
    playback.mark_end(START)
    assert [one.mark for one in topic.records] == [Mark(START + 720 * SECOND, end=True)] * 3
    assert [one.partition for one in topic.records] == [0, 1, 2]


def test_marks_are_empty_records_and_never_from_the_future() -> None:
    topic = TwinTopic(Clock())
    playback = Playback(topic, EPOCH)
    playback.mark(now() + 86_400 * SECOND)
    playback.mark(60 * SECOND)
    assert {(one.key, one.value) for one in topic.records} == {(None, b"")}
    assert all(0 <= one.milliseconds <= now() // 1_000 for one in topic.records)
    assert topic.records[-1].mark == Mark(0)
