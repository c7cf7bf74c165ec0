"""Logs of a source for tests, and what account partitions and the head make of what it sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from models.options import EpochOptions
from models.sources.source_partition import SourceMark, SourcePartition
from models.wire.protocol import NOTHING, Admitted, Rows, Sent, Standing
from tests.models.rows import Row, batch_of

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LENGTH = 300 * SECOND
LATENESS = 120 * SECOND
OPTIONS = EpochOptions(seconds=300, lateness_seconds=120)
START = 20_370 * DAY
PARTITIONS = 3
MOST_ROWS = 1_200


class Mark(NamedTuple):
    """What a publisher says between its rows: the time that has passed, or that it has ended."""

    time: int
    end: bool


Record = Row | Mark | None
"""A record of the source; None is one that cannot be read."""

Counted = tuple[int, int]
"""A row's number and the epoch that it counts in."""


@dataclass
class Accounts:
    """What an account partition makes of rows: none twice, none with something missing before."""

    covered: int = NOTHING
    rows: list[Counted] = field(default_factory=list)
    gaps: int = 0

    def take(self, message: Rows) -> None:
        if message.previous > self.covered:
            self.gaps += 1
            return
        if message.batch is not None:
            batch = message.batch
            fresh = batch.position > self.covered
            numbers, epochs = batch.request[fresh] - 1, batch.epoch[fresh]
            self.rows += zip(numbers.tolist(), epochs.tolist(), strict=True)
        self.covered = max(self.covered, message.position)


@dataclass
class Receivers:
    """Account partitions and the head."""

    accounts: list[Accounts] = field(
        default_factory=lambda: [Accounts() for _ in range(PARTITIONS)]
    )
    standings: list[Standing] = field(default_factory=list)

    def take(self, sent: Sent) -> None:
        for number, message in sent.accounts:
            assert isinstance(message, Rows)
            self.accounts[number].take(message)
        for told in sent.head:
            assert isinstance(told, Standing)
            self.standings.append(told)

    @property
    def rows(self) -> list[Counted]:
        return sorted(row for one in self.accounts for row in one.rows)


def new_source() -> SourcePartition:
    source = SourcePartition("requests/0", PARTITIONS, OPTIONS)
    source.hear(Admitted("requests/0", 0))
    return source


def read(source: SourcePartition, log: Sequence[Record], end: int, size: int) -> list[Sent]:
    """Read on up to a position, in blocks."""
    sent: list[Sent] = []
    while source.position + 1 < end:
        start = source.position + 1
        stop = min(start + size, end)
        places = [place for place in range(start, stop) if isinstance(log[place], Row)]
        rows = [row for row in log[start:stop] if isinstance(row, Row)]
        marks = [
            SourceMark(mark.time, place, mark.end)
            for place, mark in enumerate(log[start:stop], start)
            if isinstance(mark, Mark)
        ]
        batch = batch_of(rows)
        batch.request[:] = np.array(places, np.uint64) + np.uint64(1)
        records = [b"row"] * len(rows)
        sent.append(source.read(batch if rows else None, places, records, stop - 1, marks))
    return sent


_strides = st.sampled_from([5 * SECOND, MINUTE, 20 * MINUTE, -9 * MINUTE])
_jumps = st.sampled_from([0, 0, 40 * MINUTE, 90 * MINUTE, 3 * HOUR, 40 * DAY])


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Rows in stretches with jumps between them, unreadable records, marks, and an end."""
    log: list[Record] = []
    time = START
    for jump in draw(st.lists(_jumps, min_size=1, max_size=4)):
        time += jump
        stride, accounts = draw(_strides), draw(st.integers(1, 7))
        log += [
            Row(time + row * stride, 1 + row % accounts) for row in range(draw(st.integers(1, 40)))
        ]
        time = max(row.time for row in log if isinstance(row, Row))
        log += draw(st.lists(st.just(None), max_size=2))
        if draw(st.booleans()):
            log.append(Mark(time - draw(st.sampled_from([0, HOUR])), end=False))
    log.append(Mark(time - draw(st.sampled_from([0, 2 * HOUR])), end=True))
    return log
