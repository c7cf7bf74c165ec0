"""Hashing and reading of short strings in bulk, out of one joined buffer."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.words import read_block

_ONE, _EIGHT = np.uint64(1), np.uint64(8)
_OCTETS = 4


@njit(cache=True, nogil=True, inline="always")
def _turn(value, bits):  # type: ignore[no-untyped-def]
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@njit(cache=True, nogil=True, inline="always")
def _round(v0, v1, v2, v3):  # type: ignore[no-untyped-def]
    v0 += v1
    v2 += v3
    v1 = _turn(v1, 13) ^ v0
    v3 = _turn(v3, 16) ^ v2
    v0 = _turn(v0, 32) + v3
    v2 += v1
    v3 = _turn(v3, 21) ^ v0
    v1 = _turn(v1, 17) ^ v2
    return v0, v1, _turn(v2, 32), v3


@njit(cache=True, nogil=True)
def _siphash(blocks, start, end, key0, key1):  # type: ignore[no-untyped-def]
    """SipHash-1-3 of some bytes (Aumasson and Bernstein, 2012): keyed, and short-input fast."""
    v0 = key0 ^ np.uint64(0x736F6D6570736575)
    v1 = key1 ^ np.uint64(0x646F72616E646F6D)
    v2 = key0 ^ np.uint64(0x6C7967656E657261)
    v3 = key1 ^ np.uint64(0x7465646279746573)
    place = start
    while place + _EIGHT <= end:
        block = read_block(blocks, place)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ block)
        v0 ^= block
        place += _EIGHT
    rest = (_ONE << ((end - place) * _EIGHT)) - _ONE
    block = (read_block(blocks, place) & rest) | ((end - start) << np.uint64(56))
    v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ block)
    v0 ^= block
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@njit(cache=True, nogil=True)
def hash_strings(data, starts, ends, keys, out):  # type: ignore[no-untyped-def]
    """Hash columns of strings, each somewhere in a buffer: uint64[columns, rows].

    `starts` and `ends` are uint64[columns, rows]; the buffer is filled up to blocks of eight, and
    one block more. `keys` has a row of 128 bits for each column. An empty string gives 0, no other
    does.
    """
    blocks = data.view(np.uint64)
    columns, rows = out.shape
    for column in range(columns):
        for row in range(rows):
            start, end = starts[column, row], ends[column, row]
            value = np.uint64(0)
            if end > start:
                value = _siphash(blocks, start, end, keys[column, 0], keys[column, 1])
                value = max(value, _ONE)
            out[column, row] = value


@njit(cache=True, nogil=True)
def gather_bytes(data, starts, ends):  # type: ignore[no-untyped-def]
    """The bytes from each start to its end, one after the other."""
    total = np.int64(0)
    for row in range(len(ends)):
        total += np.int64(ends[row] - starts[row])
    out = np.empty(total, np.uint8)
    written = 0
    for row in range(len(ends)):
        for place in range(starts[row], ends[row]):
            out[written] = data[place]
            written += 1
    return out


@njit(cache=True, nogil=True)
def parse_ipv4(data, starts, ends, out):  # type: ignore[no-untyped-def]
    """The number of each IPv4 address (dotted decimal, no leading zeros), -1 for other strings."""
    for row in range(len(ends)):
        out[row] = _address(data[starts[row] : ends[row]])


@njit(cache=True, nogil=True)
def _address(text):  # type: ignore[no-untyped-def]
    address = np.int64(0)
    octet = np.int64(0)
    digits = 0
    points = 0
    for byte in text:
        if byte == 0x2E and digits > 0:
            address = (address << 8) | octet
            octet = np.int64(0)
            digits = 0
            points += 1
        elif 0x30 <= byte <= 0x39 and (digits == 0 or octet > 0):
            octet = octet * 10 + np.int64(byte) - 0x30
            digits += 1
        else:
            return np.int64(-1)
        if octet > 255 or points >= _OCTETS:
            return np.int64(-1)
    if points != _OCTETS - 1 or digits == 0:
        return np.int64(-1)
    return (address << 8) | octet
