"""Where the records of Kafka's batches stand in a buffer (record batch, message format 2)."""

from __future__ import annotations

import numpy as np
from numba import njit

_LONGEST = 5
"""Bytes of the longest number of 32 bits."""


@njit(cache=True, nogil=True, forceinline=True)
def _number(data, place):  # type: ignore[no-untyped-def]
    """The number of variable length, zigzag, that stands here, and the place after it."""
    value = np.int64(0)
    for step in range(2 * _LONGEST):
        byte = np.int64(data[place])
        place += 1
        value |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            break
    return np.int64(np.uint64(value) >> np.uint64(1)) ^ -(value & 1), place


@njit(cache=True, nogil=True)
def read_records(data, start, end, offsets, times, starts, ends):  # type: ignore[no-untyped-def]
    """Read the records between two places, as many as there is room; whether all is as it should.

    Args:
        data: The buffer, uint8; at least 64 zeros behind the end.
        start: Where the first record starts.
        end: Where the last one ends.
        offsets: What each one's offset is beyond that of the batch, int64[n].
        times: What each one's time is beyond the first of the batch, int64[n].
        starts: Where each one's value starts, uint64[n].
        ends: Where it ends; where it starts if there is none.
    """
    place = start
    for row in range(len(offsets)):
        if place >= end:
            return False
        size, place = _number(data, place)
        following = place + size
        # The sizes within are looked at one by one: none may lead out of the record.
        if size < 0 or following > end:
            return False
        time, place = _number(data, place + 1)
        offset, place = _number(data, place)
        key, place = _number(data, place)
        if place > following or key > following - place:
            return False
        value, place = _number(data, place + max(key, 0))
        if place > following or value > following - place:
            return False
        offsets[row] = offset
        times[row] = time
        starts[row] = place
        ends[row] = place + max(value, 0)
        place = following
    return place == end
