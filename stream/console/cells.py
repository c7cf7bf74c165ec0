"""How much each account did in each quarter of an hour, in as little memory as that takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BUCKET_SECONDS = 900
"""Length of a bucket of event time."""

BUCKET = BUCKET_SECONDS * 1_000_000
"""The same in microseconds."""

CELL = np.dtype([("key", "<u8"), ("requests", "<u4"), ("refused", "<u4"), ("tokens", "<u8")])
"""A cell: row of the account in the upper, bucket in the lower 32 bits; what was counted there."""

_BUCKET_BITS = np.uint64(32)
_BUCKET_MASK = np.uint64((1 << 32) - 1)
_MOST_LOOSE = 200_000
_COUNTS = ("requests", "refused", "tokens")

Records = NDArray[np.void]
Integers = NDArray[np.int64]


class Cells:
    """Counts by account and bucket: sorted ones, and loose ones that are sorted in now and then.

    Args:
        most: Cells that may be kept; beyond that the oldest quarter of the time kept is dropped.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sorted = np.zeros(0, CELL)
        self._loose: list[Records] = []
        self._loose_count = 0
        self.since = 0

    def __len__(self) -> int:
        return len(self._sorted) + self._loose_count

    def add(self, rows: Integers, buckets: Integers, refused: Integers, tokens: Integers) -> None:
        """Count requests, one an item: row of the account, bucket, whether refused, tokens."""
        cells = np.zeros(len(rows), CELL)
        cells["key"] = keys_of(rows, buckets)
        cells["requests"], cells["refused"], cells["tokens"] = 1, refused, tokens
        several = _summed(cells[buckets >= self.since])
        self._loose.append(several)
        self._loose_count += len(several)
        if self._loose_count > _MOST_LOOSE:
            self._settle()

    def of(self, rows: Integers) -> Records:
        """Cells of accounts by their rows, in the order of the cells' keys."""
        wanted = np.unique(rows).astype(np.uint64)
        starts = np.searchsorted(self._sorted["key"], wanted << _BUCKET_BITS)
        ends = np.searchsorted(self._sorted["key"], (wanted + np.uint64(1)) << _BUCKET_BITS)
        found = [self._sorted[_ranges(starts, ends)]]
        found += [one[np.isin(one["key"] >> _BUCKET_BITS, wanted)] for one in self._loose]
        return _summed(np.concatenate(found))

    def renumber(self, rows: Integers) -> None:
        """Give accounts the row that stands at their old one; drop those at which -1 stands."""
        self._settle()
        moved = rows[rows_of(self._sorted)]
        kept = self._sorted[moved >= 0]
        kept["key"] = keys_of(moved[moved >= 0], buckets_of(kept))
        self._sorted = np.sort(kept, order="key")

    def _settle(self) -> None:
        self._sorted = _summed(np.concatenate([self._sorted, *self._loose]))
        self._loose, self._loose_count = [], 0
        if len(self._sorted) > self._most:
            buckets = buckets_of(self._sorted)
            self.since = int(np.quantile(buckets, 0.25, method="higher")) + 1
            self._sorted = self._sorted[buckets >= self.since]


def keys_of(rows: Integers, buckets: Integers) -> NDArray[np.uint64]:
    """Keys of the cells of these rows and buckets."""
    return (rows.astype(np.uint64) << _BUCKET_BITS) | buckets.astype(np.uint64)


def rows_of(cells: Records) -> Integers:
    """Rows of the accounts of cells."""
    return (cells["key"] >> _BUCKET_BITS).astype(np.int64)


def buckets_of(cells: Records) -> Integers:
    """Buckets of cells: event time divided by their length."""
    return (cells["key"] & _BUCKET_MASK).astype(np.int64)


def _summed(cells: Records) -> Records:
    """Cells in the order of their keys, those of one key added up."""
    if not len(cells):
        return cells
    ordered = cells[np.argsort(cells["key"], kind="stable")]
    starts = np.flatnonzero(np.diff(ordered["key"], prepend=~ordered["key"][:1]))
    summed = ordered[starts]
    for name in _COUNTS:
        summed[name] = np.add.reduceat(ordered[name], starts)
    return summed


def _ranges(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """The numbers from each start to before its end, one range after the other."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    every: NDArray[np.intp] = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return every
