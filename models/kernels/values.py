"""Compiled loops over the table of tie values, an open-addressed table of records."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.table import EMPTY, mix

TIE = np.uint64(2**64 - 1)
"""In `account` of a value: it is a tie, and `count` its number."""


@njit(cache=True, nogil=True)
def shift_of(values):  # type: ignore[no-untyped-def]
    """How far a hash is shifted to be a place among so many: by its high bits.

    A table of twice the size has its values in the same order, so that growing reads and writes
    memory from front to back.
    """
    shift = np.uint64(64)
    size = np.uint64(len(values))
    while size > np.uint64(1):
        size >>= np.uint64(1)
        shift -= np.uint64(1)
    return shift


@njit(cache=True, nogil=True, inline="always")
def find_value(values, shift, seed, key):  # type: ignore[no-untyped-def]
    """Place of the value, or of the hole where it belongs.

    `seed` is secret: keys of networks can be read back, so without it whoever chooses addresses
    could choose places.
    """
    mask = np.uint64(len(values) - 1)
    place = mix(key ^ seed) >> shift
    while values[place].key != EMPTY and values[place].key != key:
        place = (place + np.uint64(1)) & mask
    return place


@njit(cache=True, nogil=True)
def count_expired(values, oldest_single):  # type: ignore[no-untyped-def]
    """How many singles were last shown before that epoch."""
    expired = 0
    for row in range(len(values)):
        value = values[row]
        expired += value.key != EMPTY and value.account != TIE and value.epoch < oldest_single
    return expired


@njit(cache=True, nogil=True)
def place_values(values, old, seed, oldest_single):  # type: ignore[no-untyped-def]
    """Put the used values of `old` into the table `values`, over what it holds of their keys.

    Singles that were last shown before `oldest_single` are left out.
    """
    shift = shift_of(values)
    for row in range(len(old)):
        value = old[row]
        if value.key == EMPTY or (value.account != TIE and value.epoch < oldest_single):
            continue
        values[find_value(values, shift, seed, value.key)] = value
