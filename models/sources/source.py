"""A source of requests, one recording or one partition of a topic: which epoch each row counts in.

A source decides alone, by its own watermark: what it decides does not depend on other sources, on
the cuts of batches, or on how often it is read again from a saved standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.options import EpochOptions
from models.requests.batch import EventBatch, alone, concatenate
from models.requests.batch_columns import from_columns, to_columns
from models.sources.watermark import Watermark
from models.wire.arrays import encode_values

_MICROSECONDS = 1_000_000

MOST_HELD_BYTES = 16 * 2**20
"""Of rows that wait, bytes of their records that are held for dead letters."""

MOST_PARKED_BYTES = 800_000
"""Bytes of rows that wait in a saved standing, which is one record of at most a mebibyte."""


class RefusedRow(NamedTuple):
    """A row whose time is far ahead of the stream and confirmed by nothing: position and record.

    The record is empty when the row came with a saved standing, which holds no text, or when the
    records of those that wait took too much room.
    """

    position: int
    record: bytes


class _Parked(NamedTuple):
    """A row that waits: itself, what becomes of it if it is refused, its bytes in a standing."""

    row: EventBatch
    refused: RefusedRow
    size: int


class Source:
    """The watermark of a source, the rows that wait for their time to be believed, and late rows.

    A row is late when its epoch lies behind the watermark by more than the allowed lateness. It
    then counts in the first epoch that its source still holds open.

    Args:
        options: How event time is cut.
        floor: No row counts in an earlier epoch than this: those were closed without the source.
    """

    def __init__(self, options: EpochOptions, floor: int = 0) -> None:
        self._length = options.seconds * _MICROSECONDS
        self._lateness = options.lateness_seconds * _MICROSECONDS
        self._watermark = Watermark()
        self._parked: dict[int, _Parked] = {}
        self._parked_bytes = self._held = 0
        self._rows = 0
        self._refused: list[RefusedRow] = []
        self.floor = floor
        self.late = 0

    @property
    def watermark(self) -> int | None:
        """Event time that the source has passed, microseconds; None before its first row."""
        return self._watermark.time

    @property
    def parked(self) -> int:
        """Rows that wait."""
        return len(self._parked)

    def first_open(self, watermark: int) -> int:
        """The first epoch that a watermark (microseconds) leaves open."""
        return max((watermark - self._lateness) // self._length, self.floor)

    def admit(
        self, batch: EventBatch, positions: Sequence[int], records: Sequence[bytes]
    ) -> EventBatch:
        """The rows believed now, in order of belief, each with its epoch.

        Args:
            batch: Rows as they came.
            positions: Where each stands in the source, ascending.
            records: The rows as they were read, for those that are refused in the end.
        """
        first = self._rows
        self._rows += len(batch)
        believed = self._watermark.admit(batch.time, batch.account, first)
        in_order = np.array_equal(believed.numbers, np.arange(first, self._rows))
        if not in_order:
            fresh = set(believed.numbers.tolist())
            for row in range(len(batch)):
                if first + row not in fresh:
                    # A record may have to be cut out of a larger one first.
                    record = records[row] if self._held < MOST_HELD_BYTES else b""
                    self._park(first + row, alone(batch, row), positions[row], record)
        rows = batch if in_order else self._gathered(batch, first, believed.numbers)
        self._refuse(believed.refused)
        while self._parked_bytes > MOST_PARKED_BYTES:
            self._refuse([self._watermark.refuse_oldest()])
        where = np.asarray(positions, np.int64)[believed.causes]
        return self._placed(rows, where, believed.watermarks)

    def _park(self, number: int, row: EventBatch, position: int, record: bytes) -> None:
        """Keep a row that waits; its record as far as there is room, else only where it stands."""
        kept = record if self._held + len(record) <= MOST_HELD_BYTES else b""
        parked = _Parked(row, RefusedRow(position, kept), len(encode_values(to_columns(row))))
        self._parked[number] = parked
        self._held += len(kept)
        self._parked_bytes += parked.size

    def _unparked(self, number: int) -> _Parked:
        parked = self._parked.pop(number)
        self._held -= len(parked.refused.record)
        self._parked_bytes -= parked.size
        return parked

    def _refuse(self, numbers: Iterable[int]) -> None:
        self._refused += [self._unparked(number).refused for number in numbers]

    def _gathered(self, batch: EventBatch, first: int, numbers: NDArray[np.int64]) -> EventBatch:
        """Believed rows out of a batch and out of those that were parked."""
        pieces: list[EventBatch] = []
        run: list[int] = []
        for number in numbers.tolist():
            if number >= first:
                run.append(number - first)
                continue
            if run:
                pieces.append(batch.take(np.array(run, np.intp)))
                run = []
            pieces.append(self._unparked(number).row)
        if run or not pieces:
            pieces.append(batch.take(np.array(run, np.intp)))
        return concatenate(pieces)

    def _placed(
        self, batch: EventBatch, positions: NDArray[np.int64], watermarks: NDArray[np.int64]
    ) -> EventBatch:
        own = batch.time // self._length
        first_open = np.maximum((watermarks - self._lateness) // self._length, self.floor)
        late = own < first_open
        self.late += int(late.sum())
        return replace(batch, epoch=np.where(late, first_open, own), position=positions)

    def pass_mark(self, time: int, position: int) -> EventBatch | None:
        """Take it from the publisher that no row before this time (microseconds) follows.

        Returns the rows that are believed by it.
        """
        return self._released(self._watermark.advance(time), position)

    def end(self, position: int) -> EventBatch | None:
        """The source has ended: rows that are believed after all; the others are refused."""
        believed, refused = self._watermark.end()
        self._refuse(sorted(refused))
        return self._released(believed, position)

    def _released(self, numbers: list[int], position: int) -> EventBatch | None:
        if not numbers:
            return None
        rows = concatenate([self._unparked(number).row for number in numbers])
        count = len(rows)
        judged = np.array([self._watermark.judged_by(time) for time in rows.time.tolist()])
        return self._placed(rows, np.full(count, position), judged)

    def take_refused(self) -> list[RefusedRow]:
        """Rows refused since the last call."""
        refused, self._refused = self._refused, []
        return refused

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays; parked rows without their text."""
        return {
            "watermark": self._watermark.dump(),
            "rows": self._rows,
            "floor": self.floor,
            "late": self.late,
            "parked": {
                number: [to_columns(parked.row), parked.refused.position]
                for number, parked in self._parked.items()
            },
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._watermark.load(state["watermark"])
        self._rows, self.floor, self.late = state["rows"], state["floor"], state["late"]
        self._parked, self._parked_bytes, self._held = {}, 0, 0
        for number, (columns, position) in state["parked"].items():
            self._park(int(number), from_columns(columns), int(position), b"")
