"""Rows into a topic: each when it is due, with marks between them that tell the time to all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import sleep
from typing import Protocol

from models.options import EpochOptions
from stream.broker.marks import mark_headers
from stream.broker.pace import Pace
from stream.broker.producer import Headers
from stream.broker.traffic import Row
from stream.clock import now

_MICROSECONDS = 1_000_000
_MARK_STEP = 60 * _MICROSECONDS
_EPOCHS_AFTER_THE_END = 2
_SHORTEST_WAIT = 0.1
_LONGEST_WAIT = 1.0


class Topic(Protocol):
    """Takes records and delivers them in the order of each partition."""

    @property
    def partitions(self) -> int:
        """How many it has."""

    def append(
        self,
        partition: int,
        milliseconds: int,
        key: bytes | None,
        value: bytes,
        headers: Headers = ...,
    ) -> None:
        """Add a record."""

    def ship(self) -> None:
        """Send what was gathered on its way."""


class Playback:
    """Plays rows into one topic.

    All partitions get a mark whenever the traffic has moved on by a minute of event time, the
    allowed lateness behind it: a partition without requests then holds nothing up.

    Args:
        topic: Takes the rows.
        epoch: How event time is cut.
        pace: When rows are due; None: at once.
        idle: Lets so many seconds pass.

    Attributes:
        lines: Rows published.
        marks: Marks published, over all partitions.
    """

    def __init__(
        self,
        topic: Topic,
        epoch: EpochOptions,
        pace: Pace | None = None,
        idle: Callable[[float], None] = sleep,
    ) -> None:
        self._topic = topic
        self._epoch = epoch
        self._pace = pace
        self._idle = idle
        self._step = _MARK_STEP
        if pace is not None:
            self._step = min(_MARK_STEP, int(pace.speed * _SHORTEST_WAIT * _MICROSECONDS) + 1)
        # Unknown times are 0 and thus never reach the first turn.
        self._next_turn = 1
        self._next_mark = 1
        self.lines = 0
        self.marks = 0

    def publish(self, rows: Iterable[Row]) -> None:
        """Publish rows, each when it is due.

        Raises:
            FailedRun: Something was not delivered.
        """
        append, partitions = self._topic.append, self._topic.partitions
        for reached, milliseconds, key, number, line in rows:
            if reached >= self._next_turn:
                self._turn(reached)
            append(number % partitions, milliseconds, key, line)
            self.lines += 1

    def mark(self, reached: int) -> None:
        """Tell all partitions that the traffic has reached an event time (microseconds).

        Raises:
            FailedRun: Something was not delivered.
        """
        self._append_marks(reached - self._epoch.lateness_seconds * _MICROSECONDS)
        self._next_mark = reached + _MARK_STEP

    def mark_end(self, last: int) -> None:
        """Tell all partitions that nothing follows an event time: its epoch can be closed.

        Raises:
            FailedRun: Something was not delivered.
        """
        seconds = _EPOCHS_AFTER_THE_END * self._epoch.seconds + self._epoch.lateness_seconds
        self._append_marks(last + seconds * _MICROSECONDS, end=True)

    def _turn(self, reached: int) -> None:
        if self._pace is not None:
            self._wait(self._pace, reached)
        if reached >= self._next_mark:
            self.mark(reached)
        self._next_turn = reached + self._step

    def _wait(self, pace: Pace, reached: int) -> None:
        self._topic.ship()
        while (left := pace.seconds_until(reached)) > 0:
            self._idle(min(left, _LONGEST_WAIT))
            due = min(pace.time(), reached)
            if due >= self._next_mark:
                self.mark(due)
                self._topic.ship()

    def _append_marks(self, time: int, *, end: bool = False) -> None:
        headers = mark_headers(time, end=end)
        # Brokers refuse records from the future.
        milliseconds = max(0, min(time, now())) // 1_000
        for partition in range(self._topic.partitions):
            self._topic.append(partition, milliseconds, None, b"", headers)
        self.marks += self._topic.partitions
