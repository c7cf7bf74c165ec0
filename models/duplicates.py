"""Duplicates: the same (account, id, time) is one request.

An id with another time is odd, but counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.table import KeySet

_DAY = 86_400_000_000
_KEPT_DAYS = 2


class Duplicates:
    """Hashes of requests by UTC day of their own time, kept for at least 24 hours after it.

    Free of order: whether a row is fresh depends on the set of rows seen, not on their sequence (of
    equal rows, one is fresh). Memory is about 30 bytes a request of the last two days.
    """

    def __init__(self) -> None:
        self._requests: dict[int, KeySet] = {}
        self._references: dict[int, KeySet] = {}

    def admit(
        self, time: NDArray[np.int64], request: NDArray[np.uint64], reference: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], int]:
        """Which rows are fresh, and how many fresh ones reuse an id with another time that day."""
        days = time // _DAY
        fresh = np.empty(len(time), np.bool_)
        reused = 0
        for day in np.unique(days).tolist():
            rows = np.flatnonzero(days == day)
            fresh[rows] = self._requests.setdefault(day, KeySet()).add(request[rows])
            references = reference[rows[fresh[rows]]]
            known = self._references.setdefault(day, KeySet())
            reused += len(references) - int(known.add(references).sum())
        return fresh, reused

    def forget_before(self, time: int) -> None:
        """Drop days that ended more than 24 hours before this time (microseconds)."""
        oldest = time // _DAY - _KEPT_DAYS + 1
        for days in (self._requests, self._references):
            for day in [day for day in days if day < oldest]:
                del days[day]

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "requests": {day: keys.keys() for day, keys in self._requests.items()},
            "references": {day: keys.keys() for day, keys in self._references.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._requests = {int(day): KeySet(keys) for day, keys in state["requests"].items()}
        self._references = {int(day): KeySet(keys) for day, keys in state["references"].items()}
