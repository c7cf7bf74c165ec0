"""Open addressing over 64-bit keys: the compiled half of `models.table.KeyTable`."""

from __future__ import annotations

import numpy as np
from numba import njit

EMPTY = np.uint64(0)


@njit(cache=True, nogil=True, inline="always")
def mix(value):  # type: ignore[no-untyped-def]
    """Finalise a 64-bit value so that every input bit reaches every output bit (splitmix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def assign(keys, slots, wanted, count, out):  # type: ignore[no-untyped-def]
    """Give each wanted key its slot, new keys the next free ones; returns the new count.

    `keys` and `slots` have a power-of-two length with room for every new key.
    """
    mask = np.uint64(len(keys) - 1)
    for row in range(len(wanted)):
        key = wanted[row]
        place = mix(key) & mask
        while keys[place] != EMPTY and keys[place] != key:
            place = (place + np.uint64(1)) & mask
        if keys[place] == EMPTY:
            keys[place] = key
            slots[place] = count
            count += 1
        out[row] = slots[place]
    return count


@njit(cache=True, nogil=True)
def look_up(keys, slots, wanted, out):  # type: ignore[no-untyped-def]
    """Write the slot of each wanted key, -1 where it is unknown."""
    mask = np.uint64(len(keys) - 1)
    for row in range(len(wanted)):
        key = wanted[row]
        place = mix(key) & mask
        while keys[place] != EMPTY and keys[place] != key:
            place = (place + np.uint64(1)) & mask
        out[row] = slots[place] if keys[place] == key else -1


@njit(cache=True, nogil=True)
def add_new(keys, wanted, is_new):  # type: ignore[no-untyped-def]
    """Insert keys into a set; `is_new[row]` says whether the key was absent.

    Returns how many were.
    """
    mask = np.uint64(len(keys) - 1)
    added = 0
    for row in range(len(wanted)):
        key = wanted[row]
        place = mix(key) & mask
        while keys[place] != EMPTY and keys[place] != key:
            place = (place + np.uint64(1)) & mask
        is_new[row] = keys[place] == EMPTY
        if is_new[row]:
            keys[place] = key
            added += 1
    return added


@njit(cache=True, nogil=True)
def mix_all(values):  # type: ignore[no-untyped-def]
    """`mix` of each value."""
    out = np.empty_like(values)
    for row in range(len(values)):
        out[row] = mix(values[row])
    return out
