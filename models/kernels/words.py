"""From the bytes of a text to the hashes of its words.

In three passes, so that the first is done on whole vectors and none waits for a branch per byte:
kind and folded value of each byte, places where the kind changes, a hash for each run of one kind.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

PRIME = np.uint64(0x9E3779B97F4A7C15)
DIGITS = np.uint64(0x2545F4914F6CDD1D)
"""What any run of digits hashes to."""

BLOCK = 8
_SEPARATOR, _LETTER, _DIGIT, _IDEOGRAPH = 0, 1, 2, 4
_ALL_BITS = np.uint64(2**64 - 1)
_ONE, _THREE, _SEVEN, _EIGHT = np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_HALF, _TOP = np.uint64(32), np.uint64(63)


def _scripts() -> NDArray[np.uint8]:
    """Bit of the writing system that a leading UTF-8 byte stands for, by Unicode block."""
    scripts = np.zeros(256, np.uint8)
    blocks = (0xC3, 0xC8, 0xD0, 0xD4, 0xD8, 0xE0, 0xE4, 0xEA)
    for bit, (first, end) in enumerate(zip(blocks, (*blocks[1:], 0x100), strict=True)):
        scripts[first:end] = 1 << bit
    scripts[0xE2] = 0
    return scripts


_SCRIPT = _scripts()
_IS_SYMBOL = np.isin(np.arange(256), (0xC2, 0xE2))


@njit(cache=True, nogil=True, inline="always")
def read_block(blocks, place):  # type: ignore[no-untyped-def]
    """Eight bytes from any place (little-endian) of a buffer seen as whole blocks of eight.

    The buffer must reach at least one block beyond the last place read.
    """
    block = place >> _THREE
    shift = (place & _SEVEN) << _THREE
    # The upper part in two shifts: one by 64 would be undefined where the place is a whole block.
    upper = (blocks[block + _ONE] << _ONE) << (_TOP - shift)
    return (blocks[block] >> shift) | upper


@njit(cache=True, nogil=True, inline="always")
def low_bytes(block, count):  # type: ignore[no-untyped-def]
    """The first `count` bytes of a block, 1 to 8; the others become 0."""
    return block & (_ALL_BITS >> ((_EIGHT - count) << _THREE))


@njit(cache=True, nogil=True, inline="always")
def _kind_of_ascii(byte):  # type: ignore[no-untyped-def]
    letter = np.uint8(np.uint8((byte | np.uint8(0x20)) - np.uint8(0x61)) < np.uint8(26))
    digit = np.uint8(np.uint8(byte - np.uint8(0x30)) < np.uint8(10))
    return np.uint8(letter | np.uint8(digit << np.uint8(1)))


@njit(cache=True, nogil=True)
def is_ascii(text):  # type: ignore[no-untyped-def]
    """Whether no byte has its highest bit set."""
    every = np.uint8(0)
    for place in range(len(text)):
        every |= text[place]
    return every < np.uint8(0x80)


@njit(cache=True, nogil=True)
def classify_ascii(text, kinds, folded):  # type: ignore[no-untyped-def]
    """Kind (from `kinds[1]` on) and lower-case value of each byte of a plain ASCII text."""
    for place in range(len(text)):
        byte = text[place]
        kinds[place + 1] = _kind_of_ascii(byte)
        folded[place] = byte | np.uint8(0x20)


@njit(cache=True, nogil=True)
def classify(text, kinds, folded):  # type: ignore[no-untyped-def]
    """As `classify_ascii` for any UTF-8; returns the writing systems met, a bit each."""
    classify_ascii(text, kinds, folded)
    size = len(text)
    met = np.uint8(0)
    ideograph = np.uint8(_IDEOGRAPH)
    place = 0
    while place < size:
        byte = text[place]
        if byte < 0x80:
            place += 1
            continue
        kind = np.uint8(_SEPARATOR if _IS_SYMBOL[byte] else _LETTER)
        if byte >= 0xE3:
            # Neighbours differ in their lowest bit: each is a run, and so a word, of its own.
            ideograph ^= np.uint8(1)
            kind = ideograph
        met |= _SCRIPT[byte]
        end = min(size, place + (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4))
        for part in range(place, end):
            kinds[part + 1] = kind
            folded[part] = text[part]
        place = end
    return met


@njit(cache=True, nogil=True)
def find_runs(kinds, size, starts):  # type: ignore[no-untyped-def]
    """Places where the kind changes, the end of the text included; returns how many there are.

    `kinds` is preceded and followed by a separator, so that text at either end begins and ends a
    run.
    """
    count = np.uint64(0)
    for place in range(size + 1):
        starts[count] = place
        count += np.uint64(kinds[place + 1] != kinds[place])
    return count


@njit(cache=True, nogil=True)
def hash_words(kinds, folded, starts, runs, words, ends):  # type: ignore[no-untyped-def]
    """Hash each word and note the place of its end; returns how many there are.

    The bytes of a word are taken in blocks of eight (little-endian, the last filled up with zeros),
    each by hash = (hash ^ block) * PRIME, hash = hash ^ (hash >> 32), all modulo 2^64.
    """
    blocks = folded.view(np.uint64)
    count = np.uint64(0)
    for run in range(max(runs, _ONE) - _ONE):
        place = np.uint64(starts[np.uint64(run)])
        end = np.uint64(starts[np.uint64(run) + _ONE])
        kind = kinds[place + _ONE]
        if kind == _SEPARATOR:
            continue
        word = low_bytes(read_block(blocks, place), min(_EIGHT, end - place)) * PRIME
        word ^= word >> _HALF
        while place + _EIGHT < end:
            place += _EIGHT
            block = low_bytes(read_block(blocks, place), min(_EIGHT, end - place))
            word = (word ^ block) * PRIME
            word ^= word >> _HALF
        words[count] = DIGITS if kind == _DIGIT else word
        ends[count] = end
        count += _ONE
    return count
