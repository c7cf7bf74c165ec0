"""Growing tables of arrays: 64-bit keys to dense slots, key sets, records that grow with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels.table import add_new, assign, look_up

Keys = NDArray[np.uint64]
Slots = NDArray[np.int32]

_SMALLEST = 1024
_SMALLEST_SET = 16
_FULLEST = 0.6


def _capacity_for(count: int, smallest: int = _SMALLEST) -> int:
    capacity = smallest
    while count > capacity * _FULLEST:
        capacity *= 2
    return capacity


class KeyTable:
    """Maps non-zero 64-bit keys to slots 0, 1, 2 … in order of first sight."""

    def __init__(self) -> None:
        self.count = 0
        self._keys: Keys = np.zeros(_SMALLEST, np.uint64)
        self._slots: Slots = np.zeros(_SMALLEST, np.int32)

    def slots_of(self, keys: Keys) -> Slots:
        """Slot of each key; unknown keys get new slots."""
        self._reserve(self.count + len(keys))
        out = np.empty(len(keys), np.int32)
        self.count = int(assign(self._keys, self._slots, keys, self.count, out))
        return out

    def look_up(self, keys: Keys) -> Slots:
        """Slot of each key, -1 where it is unknown."""
        out = np.empty(len(keys), np.int32)
        look_up(self._keys, self._slots, keys, out)
        return out

    def keys(self) -> Keys:
        """All keys in slot order."""
        taken = self._keys != 0
        ordered = np.empty(self.count, np.uint64)
        ordered[self._slots[taken]] = self._keys[taken]
        return ordered

    def rebuild(self, keys: Keys) -> None:
        """Replace the contents by these distinct keys, slot i for keys[i]."""
        self.count = 0
        self._keys = np.zeros(_capacity_for(len(keys)), np.uint64)
        self._slots = np.zeros(len(self._keys), np.int32)
        self.slots_of(keys)

    def clear(self) -> None:
        """Forget every key, keeping the memory."""
        self.count = 0
        self._keys.fill(0)

    def _reserve(self, count: int) -> None:
        if count <= len(self._keys) * _FULLEST:
            return
        known = self.keys()
        self._keys = np.zeros(_capacity_for(count), np.uint64)
        self._slots = np.zeros(len(self._keys), np.int32)
        self.count = int(assign(self._keys, self._slots, known, 0, np.empty(len(known), np.int32)))


class KeySet:
    """A set of non-zero 64-bit keys; small at first, as there may be one for each day there was."""

    def __init__(self, keys: Keys | None = None) -> None:
        self.count = 0
        self._keys: Keys = np.zeros(_SMALLEST_SET, np.uint64)
        if keys is not None:
            self.add(keys)

    def add(self, keys: Keys) -> NDArray[np.bool_]:
        """Add the keys; True for each that was absent (the first of equal ones)."""
        if self.count + len(keys) > len(self._keys) * _FULLEST:
            known = self.keys()
            capacity = _capacity_for(self.count + len(keys), _SMALLEST_SET)
            self._keys = np.zeros(capacity, np.uint64)
            add_new(self._keys, known, np.empty(len(known), np.bool_))
        is_new = np.empty(len(keys), np.bool_)
        self.count += int(add_new(self._keys, keys, is_new))
        return is_new

    def keys(self) -> Keys:
        """The keys, ascending."""
        return np.sort(self.unordered())

    def unordered(self) -> Keys:
        """The keys, in no order."""
        keys: Keys = self._keys[self._keys != 0]
        return keys


class Records:
    """A growing array of records of one structured type; new slots are zero."""

    def __init__(self, layout: np.dtype[np.void]) -> None:
        self.array: NDArray[np.void] = np.zeros(_SMALLEST, layout)

    def reserve(self, count: int) -> None:
        """Make room for `count` slots, by doubling."""
        if count <= len(self.array):
            return
        capacity = len(self.array)
        while capacity < count:
            capacity *= 2
        grown = np.zeros(capacity, self.array.dtype)
        grown[: len(self.array)] = self.array
        self.array = grown

    def clear(self, count: int) -> None:
        """Zero the first `count` slots."""
        self.array[:count] = np.zeros(1, self.array.dtype)

    def replace(self, records: NDArray[np.void]) -> None:
        """Hold these records, from slot 0 on, and nothing else."""
        self.array = np.zeros(max(_SMALLEST, len(records)), self.array.dtype)
        self.array[: len(records)] = records
