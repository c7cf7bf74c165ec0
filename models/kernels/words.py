"""From the bytes of a text to the hashes of its words.

In three passes, so that none waits for a branch per byte or per word: kind and folded value of each
byte, on whole vectors; places where words start and end, from 64 bytes at once; a hash for each.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.instructions import (
    WIDTH,
    bit_count,
    differing,
    load_block,
    present,
    trailing_zeros,
)

PRIME = np.uint64(0x9E3779B97F4A7C15)
DIGITS = np.uint64(0x2545F4914F6CDD1D)
"""What any run of digits hashes to."""

BLOCK = 8
_SEPARATOR, _LETTER, _DIGIT, _IDEOGRAPH = 0, 1, 2, 4
_ALL_BITS = np.uint64(2**64 - 1)
_ONE, _THREE, _EIGHT, _SIXTEEN = np.uint64(1), np.uint64(3), np.uint64(8), np.uint64(16)
_HALF, _LAST_BIT = np.uint64(32), np.uint64(63)
_DOZEN = 12
# What words of 0 to 16 bytes have of their first and of their second block.
_FIRST_BLOCK = np.array([(1 << 8 * min(size, 8)) - 1 for size in range(17)], np.uint64)
_SECOND_BLOCK = np.array([(1 << 8 * max(size - 8, 0)) - 1 for size in range(17)], np.uint64)


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
    return load_block(blocks, place)


@njit(cache=True, nogil=True, inline="always")
def low_bytes(block, count):  # type: ignore[no-untyped-def]
    """The first `count` bytes of a block, 1 to 8; the others become 0."""
    return block & (_ALL_BITS >> ((_EIGHT - count) << _THREE))


@njit(cache=True, nogil=True, inline="always")
def _either(condition, mine, other):  # type: ignore[no-untyped-def]
    """The first value where the condition holds, else the second, without a branch."""
    return other ^ ((mine ^ other) & (np.uint64(0) - np.uint64(condition)))


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


@njit(cache=True, nogil=True, inline="always")
def _append_places(bits, base, out, count):  # type: ignore[no-untyped-def]
    """Append `base` and the place of each bit that is set; returns how many there are then.

    The first dozen is written in any case, what is too much of it overwritten by the next: no more
    words start in 64 bytes of most texts, and so no branch is guessed wrong.
    """
    after = count + bit_count(bits)
    for step in range(_DOZEN):
        out[count + np.uint64(step)] = base + trailing_zeros(bits)
        bits &= bits - _ONE
    count += np.uint64(_DOZEN)
    while bits:
        out[count] = base + trailing_zeros(bits)
        bits &= bits - _ONE
        count += _ONE
    return after


@njit(cache=True, nogil=True)
def find_words(kinds, size, starts, ends):  # type: ignore[no-untyped-def]
    """Where each word, a run of one kind, starts and ends; returns how many there are.

    `kinds` is preceded by a separator and followed by `WIDTH` of them, so that text at either end
    begins and ends a word. `starts` and `ends` need room for a dozen more.
    """
    started = ended = before = np.uint64(0)
    for group in range(size // WIDTH + 1):
        place = np.uint64(group * WIDTH)
        changes = differing(kinds, place, place + _ONE)
        here = present(kinds, place + _ONE)
        started = _append_places(changes & here, place, starts, started)
        ended = _append_places(changes & (here << _ONE | before), place, ends, ended)
        before = here >> _LAST_BIT
    return started


@njit(cache=True, nogil=True, forceinline=True)
def hash_word(kinds, blocks, place, end):  # type: ignore[no-untyped-def]
    """Hash the word from a place to its end.

    Its bytes are taken in blocks of eight (little-endian, the last filled up with zeros), each by
    hash = (hash ^ block) * PRIME, hash = hash ^ (hash >> 32), all modulo 2^64.
    """
    size = end - place
    reach = min(size, _SIXTEEN)
    first = (read_block(blocks, place) & _FIRST_BLOCK[reach]) * PRIME
    first ^= first >> _HALF
    # Two blocks are hashed of any word: whether it has more than one is no branch to guess right.
    word = (first ^ (read_block(blocks, place + _EIGHT) & _SECOND_BLOCK[reach])) * PRIME
    word ^= word >> _HALF
    word = _either(size > _EIGHT, word, first)
    part = place + _SIXTEEN
    while part < end:
        block = low_bytes(read_block(blocks, part), min(_EIGHT, end - part))
        word = (word ^ block) * PRIME
        word ^= word >> _HALF
        part += _EIGHT
    return _either(kinds[place + _ONE] == _DIGIT, DIGITS, word)
