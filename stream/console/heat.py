"""The activity of a finding's accounts over time, as levels to be painted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.times import to_microseconds
from stream.console.book import Book
from stream.console.cells import BUCKET, BUCKET_SECONDS, Records, buckets_of, rows_of
from stream.console.standing import since_of

MOST_ROWS = 400
_MOST_COLUMNS = 180
_LEVELS = 9
_LEAD_BUCKETS = 8


class Line(msgspec.Struct, frozen=True):
    """One line of the map: an account, or several that began at about the same time.

    Attributes:
        accounts: The first of its accounts, or all where there is one.
        count: How many there are.
        levels: A digit a column, 0 for nothing, up to 9.
        requests: Their requests in the time shown.
        named: Column in which the first of them was named.
    """

    accounts: list[str]
    count: int
    levels: str
    requests: int
    named: int


class Heat(msgspec.Struct, frozen=True):
    """The map; columns are of `step` seconds from `start` on (Unix seconds).

    Attributes:
        most: Requests an account and column at which each level ends, from level 1 on.
        columns: How many there are.
        silent: Accounts of which the traffic read has nothing in that time.
        alerts: Columns in which alert events were made, with what they were.
    """

    start: int
    step: int
    columns: int
    most: list[int]
    lines: list[Line]
    silent: int
    alerts: list[tuple[int, str]]


def heat(book: Book, alert_id: str) -> Heat:
    """The map of a finding, its accounts in the order of their first request.

    Raises:
        KeyError: There is none of that id.
    """
    life, named = book.lives[alert_id], book.named(alert_id)
    cells = book.traffic.cells_of(named)
    since = since_of(life) // BUCKET - _LEAD_BUCKETS
    cells = cells[buckets_of(cells) >= since]
    start, wide, columns = _time_line(cells, [event.time for event in life])
    counts, rows = _counts(cells, start, wide, columns)
    names = [book.traffic.accounts.names[row] for row in rows.tolist()]
    times = [(named[name] // BUCKET - start) // wide for name in names]
    groups = np.array_split(np.arange(len(rows)), min(MOST_ROWS, max(len(rows), 1)))
    most = _scale(counts)
    lines = [_line(group, counts, names, times, most) for group in groups if len(group)]
    alerts: list[tuple[int, str]] = [
        ((to_microseconds(event.time, "time") // BUCKET - start) // wide, event.activity)
        for event in life
    ]
    return Heat(
        start * BUCKET_SECONDS, wide * BUCKET_SECONDS, columns, most, lines,
        len(named) - len(rows), alerts,
    )  # fmt: skip


def _time_line(cells: Records, times: Sequence[str]) -> tuple[int, int, int]:
    """First bucket, buckets a column, columns."""
    every = [to_microseconds(time, "time") // BUCKET for time in times]
    if len(cells):
        buckets = buckets_of(cells)
        every += [int(buckets.min()), int(buckets.max())]
    first, last = min(every), max(every)
    wide = -(-(last - first + 1) // _MOST_COLUMNS)
    return first, wide, (last - first) // wide + 1


def _counts(
    cells: Records, start: int, wide: int, columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Requests by account and column, and the accounts' rows, by their first request."""
    rows, inverse = np.unique(rows_of(cells), return_inverse=True)
    counts = np.zeros((len(rows), columns), np.int64)
    np.add.at(counts, (inverse, (buckets_of(cells) - start) // wide), cells["requests"])
    first = (counts > 0).argmax(axis=1) if len(rows) else np.zeros(0, np.int64)
    order = np.lexsort([-counts.sum(axis=1), first])
    return counts[order], rows[order]


def _scale(counts: NDArray[np.int64]) -> list[int]:
    """Where levels end, in equal proportions from 1 to the most, which has a level of its own."""
    top = max(int(counts.max(initial=1)), 1)
    ends = np.ceil(top ** (np.arange(1, _LEVELS) / (_LEVELS - 1))) - 1
    return [*(int(end) for end in ends), top]


def _line(
    group: NDArray[np.intp],
    counts: NDArray[np.int64],
    names: Sequence[str],
    times: Sequence[int],
    most: Sequence[int],
) -> Line:
    several = counts[group]
    typical = np.ceil(several.sum(axis=0) / len(group)).astype(np.int64)
    levels = np.where(typical > 0, np.searchsorted(most, typical) + 1, 0)
    return Line(
        accounts=[names[row] for row in group[:3].tolist()],
        count=len(group),
        levels="".join(map(str, np.minimum(levels, _LEVELS).tolist())),
        requests=int(several.sum()),
        named=min(times[row] for row in group.tolist()),
    )
