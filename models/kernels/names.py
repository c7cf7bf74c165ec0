"""Which of a fixed set of short names stands at a place of a buffer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.words import BLOCK, PRIME, low_bytes, read_block

_BLOCKS = 3
_SLOTS = 512
_SHIFT = np.uint64(55)
_EIGHT = np.uint64(BLOCK)
LONGEST_NAME = _BLOCKS * BLOCK


def name_table(names: Sequence[str]) -> NDArray[np.uint64]:
    """The names, of up to 24 bytes each, for `find_name`: their blocks, their number plus one."""
    table = np.zeros((_SLOTS, _BLOCKS + 1), np.uint64)
    for number, name in enumerate(names):
        padded = np.frombuffer(name.encode().ljust(LONGEST_NAME + BLOCK, b"\0"), np.uint64)
        slot = int(_slot_of(padded[0], padded[1], padded[2]))
        while table[slot, _BLOCKS]:
            slot = (slot + 1) % _SLOTS
        table[slot] = [*padded[:_BLOCKS], number + 1]
    return table


@njit(cache=True, nogil=True)
def _slot_of(first, second, third):  # type: ignore[no-untyped-def]
    return ((((first * PRIME) ^ second) * PRIME ^ third) * PRIME) >> _SHIFT


@njit(cache=True, nogil=True, inline="always")
def _block(blocks, place, end):  # type: ignore[no-untyped-def]
    if place >= end:
        return np.uint64(0)
    return low_bytes(read_block(blocks, place), min(end - place, _EIGHT))


@njit(cache=True, nogil=True)
def find_name(blocks, start, end, table):  # type: ignore[no-untyped-def]
    """Number of the name that stands here, -1 for any other; it must hold no NUL.

    `blocks` is the buffer seen as whole blocks of eight, with one more behind the end.
    """
    if end - start > np.uint64(LONGEST_NAME):
        return -1
    first = _block(blocks, start, end)
    second = _block(blocks, start + _EIGHT, end)
    third = _block(blocks, start + _EIGHT + _EIGHT, end)
    slot = np.int64(_slot_of(first, second, third))
    while table[slot, _BLOCKS] != 0:
        if table[slot, 0] == first and table[slot, 1] == second and table[slot, 2] == third:
            return np.int64(table[slot, _BLOCKS]) - 1
        slot = (slot + 1) % _SLOTS
    return -1


@njit(cache=True, nogil=True)
def find_names(data, starts, ends, table):  # type: ignore[no-untyped-def]
    """Number of the name that each place holds, -1 for any other, int64[n]."""
    blocks = data.view(np.uint64)
    out = np.empty(len(starts), np.int64)
    for row in range(len(starts)):
        out[row] = find_name(blocks, starts[row], ends[row], table)
    return out
