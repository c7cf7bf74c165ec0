"""Watermarks: how far event time has come in one source, safe against clocks that are far ahead."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

HOUR = 3_600_000_000
"""A row further ahead than this waits for confirmation (microseconds)."""

_CONFIRMING_ROWS = 32
_CONFIRMING_ACCOUNTS = 3
_LONE_ROWS = 256
_BELIEVABLE_GAP = 31 * 24 * HOUR

Times = NDArray[np.int64]


class Believed(NamedTuple):
    """Rows believed, in order of belief.

    Their numbers, for each the place in the batch of the row that brought belief, and the watermark
    (microseconds) by which it may be late. `refused` are the numbers of rows that had to make room
    for others that wait.
    """

    numbers: NDArray[np.int64]
    causes: NDArray[np.int64]
    watermarks: NDArray[np.int64]
    refused: list[int]


class Watermark:
    """The largest believed time of a source, in microseconds; None before the first believed row.

    Rows more than an hour ahead are parked. They are believed when many rows confirm that time has
    really moved on: 32 rows of 3 accounts within an hour of each other, or 32 rows of 3 accounts
    (256 of fewer) in sequence with none on time between them. The watermark then moves to the
    earliest of them.

    Args:
        most_parked: How many rows may wait; beyond that, who waited longest is refused.
    """

    def __init__(self, most_parked: int = 1_000) -> None:
        self.time: int | None = None
        self._most_parked = most_parked
        self._parked: list[tuple[int, int, int]] = []
        self._in_sequence = 0
        self._unexamined = 0

    def __len__(self) -> int:
        return len(self._parked)

    def admit(self, times: Times, accounts: NDArray[np.uint64], first: int) -> Believed:
        """The rows believed now, those parked earlier included, in order of belief.

        Rows are numbered `first`, `first` + 1, …; those that are not returned wait, or are refused.
        """
        count = len(times)
        if self.time is not None:
            reached = np.maximum.accumulate(np.concatenate([[self.time], times]))
            # Rows that wait for long must not make every other one wait on them.
            none_due = reached[-1] + HOUR < self._earliest()
            if none_due and (times <= reached[:-1] + HOUR).all():
                self.time = int(reached[-1])
                self._in_sequence = 0
                return Believed(np.arange(first, first + count), np.arange(count), reached[1:], [])
        admitted: list[tuple[int, int]] = []
        causes: list[int] = []
        refused: list[int] = []
        for row, (time, account) in enumerate(zip(times.tolist(), accounts.tolist(), strict=True)):
            self._admit_one(time, account, first + row, admitted)
            causes.extend([row] * (len(admitted) - len(causes)))
            if len(self._parked) > self._most_parked:
                refused.append(self._parked.pop(0)[2])
        numbers = np.array([number for number, _ in admitted], np.int64)
        judged = np.array([watermark for _, watermark in admitted], np.int64)
        return Believed(numbers, np.array(causes, np.int64), judged, refused)

    def refuse_oldest(self) -> int:
        """Let the row go that has waited longest; its number."""
        return self._parked.pop(0)[2]

    def _earliest(self) -> float:
        """The earliest time of a parked row."""
        return min((time for time, _, _ in self._parked), default=inf)

    def advance(self, time: int) -> list[int]:
        """Take it from elsewhere that no older row follows; numbers of the rows believed by it."""
        self.time = time if self.time is None else max(self.time, time)
        admitted: list[tuple[int, int]] = []
        self._release(admitted)
        return [number for number, _ in admitted]

    def _admit_one(
        self, time: int, account: int, number: int, admitted: list[tuple[int, int]]
    ) -> None:
        if self.time is not None and time <= self.time + HOUR:
            self.time = max(self.time, time)
            self._in_sequence = 0
            admitted.append((number, self.time))
            self._release(admitted)
            return
        self._parked.append((time, account, number))
        self._in_sequence += 1
        self._unexamined += 1
        start = self._confirmed()
        if start is not None:
            self.time = start
            self._in_sequence = 0
            self._release(admitted)

    def _release(self, admitted: list[tuple[int, int]]) -> None:
        """Believe parked rows that are within an hour by now, until none is."""
        while self._parked and self.time is not None:
            limit = self.time + HOUR
            near = [row for row in self._parked if row[0] <= limit]
            if not near:
                return
            self._parked = [row for row in self._parked if row[0] > limit]
            admitted.extend((number, self.judged_by(time)) for time, _, number in near)
            self.time = max(self.time, *(time for time, _, _ in near))

    def judged_by(self, time: int) -> int:
        """The watermark by which a row of this time that had to wait may be late.

        Waiting makes no row late; a row of 31 days ago and more always is.
        """
        reached = time if self.time is None else self.time
        return reached if reached - time > _BELIEVABLE_GAP else time

    def _confirmed(self) -> int | None:
        """Start of the time that the parked rows confirm."""
        sequence = self._parked[-self._in_sequence :] if self._in_sequence else []
        if len(sequence) >= _CONFIRMING_ROWS:
            several = len({account for _, account, _ in sequence}) >= _CONFIRMING_ACCOUNTS
            if several or len(sequence) >= _LONE_ROWS:
                return _start(sequence)
        if min(len(self._parked), self._unexamined) < _CONFIRMING_ROWS:
            return None
        self._unexamined = 0
        return self._dense_hour()

    def _dense_hour(self) -> int | None:
        rows = sorted(self._parked)
        for start in range(len(rows) - _CONFIRMING_ROWS + 1):
            window = rows[start : start + _CONFIRMING_ROWS]
            near = window[-1][0] - window[0][0] <= HOUR
            if near and len({account for _, account, _ in window}) >= _CONFIRMING_ACCOUNTS:
                return window[0][0]
        return None

    def end(self) -> tuple[list[int], list[int]]:
        """At the end of the source: parked rows to believe after all, and the rest.

        The former are in order of time. Believed are rows that follow the stream, or each other, by
        no more than 31 days.
        """
        if not self._parked:
            return [], []
        reached = _start(self._parked) if self.time is None else self.time
        believed: list[int] = []
        for time, _, number in sorted(self._parked):
            if time - reached <= _BELIEVABLE_GAP:
                reached = max(reached, time)
                believed.append(number)
        self.time = reached
        accepted = set(believed)
        refused = [number for _, _, number in self._parked if number not in accepted]
        self._parked = []
        return believed, refused

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {
            "time": self.time,
            "parked": self._parked,
            "in_sequence": self._in_sequence,
            "unexamined": self._unexamined,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.time = state["time"]
        self._parked = [(time, account, number) for time, account, number in state["parked"]]
        self._in_sequence = state["in_sequence"]
        self._unexamined = state["unexamined"]


def _start(rows: list[tuple[int, int, int]]) -> int:
    """Earliest time of the most rows that follow each other by no more than 31 days.

    A lone row of long ago thus does not date a stream.
    """
    times = sorted(time for time, _, _ in rows)
    groups: list[list[int]] = [[times[0]]]
    for before, time in pairwise(times):
        if time - before > _BELIEVABLE_GAP:
            groups.append([])
        groups[-1].append(time)
    return max(groups, key=len)[0]
