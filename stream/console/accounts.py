"""What is kept of each account: sums of its requests' measures, and when it came and went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.requests.batch import BREADTHS, MEASURES, EventBatch

ACCOUNT = np.dtype(
    [
        ("key", "<u8"),
        ("plan", "<i8"),
        ("created", "<i8"),
        ("first", "<i8"),
        ("last", "<i8"),
        ("measures", "<i8", len(MEASURES)),
        ("marks", "<u8", len(BREADTHS)),
    ]
)
"""An account: its key, plan group, sign-up, first and last request (microseconds), sums, bits."""

_NEVER = np.iinfo(np.int64).max
_LEAST_ROOM = 1_024

Records = NDArray[np.void]
Integers = NDArray[np.int64]


class Accounts:
    """A growing table of accounts, each in a row that stays its own until `keep`."""

    def __init__(self) -> None:
        self._room = np.zeros(_LEAST_ROOM, ACCOUNT)
        self._rows: dict[int, int] = {}
        self._by_name: dict[str, int] = {}
        self.names: list[str] = []

    def __len__(self) -> int:
        return len(self.names)

    @property
    def table(self) -> Records:
        """The accounts by row."""
        return self._room[: len(self.names)]

    def row(self, name: str) -> int | None:
        """Row of an account by its name; None where it has sent nothing."""
        return self._by_name.get(name)

    def add(self, batch: EventBatch) -> Integers:
        """Add requests; the row of each one's account."""
        keys, places, inverse = np.unique(batch.account, return_index=True, return_inverse=True)
        rows = np.array(
            [
                self._row_of(key, batch.names[place])
                for key, place in zip(keys.tolist(), places.tolist(), strict=True)
            ],
            np.int64,
        )
        order = np.argsort(inverse, kind="stable")
        starts = np.searchsorted(inverse[order], np.arange(len(keys)))
        table = self.table
        table["measures"][rows] += np.add.reduceat(batch.measures[order], starts, axis=0)
        table["marks"][rows] |= np.bitwise_or.reduceat(batch.marks[order], starts, axis=0)
        ends = np.append(starts[1:], len(order)) - 1
        self._note_times(rows, batch.time[order], starts)
        for name, column in (("plan", batch.plan), ("created", batch.created)):
            latest = column[order[ends]]
            table[name][rows] = np.where(latest > 0, latest, table[name][rows])
        return rows[inverse]

    def _note_times(self, rows: Integers, times: Integers, starts: NDArray[np.intp]) -> None:
        table = self.table
        first, last = np.minimum.reduceat(times, starts), np.maximum.reduceat(times, starts)
        table["first"][rows] = np.minimum(table["first"][rows], first)
        table["last"][rows] = np.maximum(table["last"][rows], last)

    def _row_of(self, key: int, name: str) -> int:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._by_name[name] = len(self.names)
            self.names.append(name)
            if row == len(self._room):
                self._room = np.concatenate([self._room, np.zeros(row, ACCOUNT)])
            self._room["key"][row], self._room["first"][row] = key, _NEVER
        return row

    def keep(self, kept: NDArray[np.bool_]) -> Integers:
        """Keep these rows alone; the new row of each old one, -1 for those that went."""
        moved = np.where(kept, np.cumsum(kept) - 1, -1)
        self.names = [self.names[row] for row in np.flatnonzero(kept).tolist()]
        left = self._room[: len(kept)][kept]
        self._room = np.concatenate([left, np.zeros(max(len(left), _LEAST_ROOM), ACCOUNT)])
        self._rows = {key: row for row, key in enumerate(left["key"].tolist())}
        self._by_name = {name: row for row, name in enumerate(self.names)}
        return moved
