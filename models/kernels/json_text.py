"""Strings of JSON in a buffer: where they end, and what they say."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.words import read_block

ONE, _EIGHT = np.uint64(1), np.uint64(8)
_NOWHERE = np.uint64(0)
_EACH = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_QUOTES = np.uint64(0x2222222222222222)
_BACKSLASHES = np.uint64(0x5C5C5C5C5C5C5C5C)
_SPACES = np.uint64(0x2020202020202020)
_COUNT_SHIFT = np.uint64(56)


def _escapes() -> NDArray[np.uint8]:
    """The character that each one stands for behind a backslash; 0 for none of these."""
    table = np.zeros(256, np.uint8)
    for escape, meaning in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
        table[escape] = meaning
    return table


_ESCAPES = _escapes()


@njit(cache=True, nogil=True, inline="always")
def at(place, offset):  # type: ignore[no-untyped-def]
    """The place so many bytes further."""
    return place + np.uint64(offset)


@njit(cache=True, nogil=True, forceinline=True)
def plain_end(blocks, place):  # type: ignore[no-untyped-def]
    """The first byte from here on that is a quote, a backslash, a control or not ASCII.

    Eight bytes at once: the lowest byte marked is always one of these, see "Determine if a word has
    a zero byte" and its kin in Anderson, Bit Twiddling Hacks.
    """
    while True:
        block = read_block(blocks, place)
        quotes, backslashes = block ^ _QUOTES, block ^ _BACKSLASHES
        found = block | (quotes - _EACH) & ~quotes | (backslashes - _EACH) & ~backslashes
        found = (found | (block - _SPACES) & ~block) & _HIGH
        if found != 0:
            lower = (found & (~found + ONE)) - ONE
            return place + ((((lower & _EACH) * _EACH) >> _COUNT_SHIFT) - ONE)
        place += _EIGHT


@njit(cache=True, nogil=True, inline="always")
def _follows(byte):  # type: ignore[no-untyped-def]
    return byte & 0xC0 == 0x80


@njit(cache=True, nogil=True, forceinline=True)
def _character_size(data, place):  # type: ignore[no-untyped-def]
    """Bytes of the character beyond ASCII that starts here, 0 where it is not UTF-8 (RFC 3629)."""
    first, second = data[place], data[at(place, 1)]
    if not _follows(second) or first < 0xC2 or first > 0xF4:
        return 0
    if first < 0xE0:
        return 2
    if not _follows(data[at(place, 2)]):
        return 0
    if first < 0xF0:
        overlong = first == 0xE0 and second < 0xA0
        surrogate = first == 0xED and second > 0x9F
        return 0 if overlong or surrogate else 3
    outside = (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F)
    return 0 if outside or not _follows(data[at(place, 3)]) else 4


@njit(cache=True, nogil=True, forceinline=True)
def copy_text(data, blocks, place, out, written):  # type: ignore[no-untyped-def]
    """Copy what a string says in UTF-8 to `out[written:]`, from behind its opening quote on.

    Returns:
        The place behind its closing quote, nowhere (0) where it ends otherwise, is not UTF-8 or
        holds a character by its number; where it ends in `out`; its code points.
    """
    characters = np.uint64(0)
    while True:
        end = plain_end(blocks, place)
        size = end - place
        for step in range(size):
            out[written + step] = data[place + step]
        written += size
        characters += size
        place = end
        byte = data[place]
        if byte == 0x22:
            return place + ONE, written, characters
        if byte == 0x5C:
            meaning = _ESCAPES[data[place + ONE]]
            if meaning == 0:
                return _NOWHERE, written, characters
            out[written] = meaning
            place, written = at(place, 2), written + ONE
        elif byte >= 0x80:
            length = _character_size(data, place)
            if length == 0:
                return _NOWHERE, written, characters
            for step in range(length):
                out[at(written, step)] = data[at(place, step)]
            place, written = at(place, length), at(written, length)
        else:
            return _NOWHERE, written, characters
        characters += ONE
