"""Hashing of text in bulk: sampled word shingles of prompts, and whole strings.

A word is a run of ASCII letters, digits or non-ASCII letters, lower-cased; a run of digits counts as one
word whatever its value, and a character of three or more UTF-8 bytes (Chinese, Japanese, Korean …) is a
word of its own. A shingle is five words in a row; its hash is kept when it falls below a threshold
(fractional sampling), so that the same run of words leaves the same hashes wherever it stands.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.table import mix

SHINGLE = 5
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_DIGITS = np.uint64(0x2545F4914F6CDD1D)
_FIRST_DIGIT, _LAST_DIGIT, _FIRST_WIDE, _FIRST_FOUR_BYTE = 0x30, 0x39, 0xE3, 0xF0


@njit(cache=True, nogil=True)
def hash_strings(data, ends, seed, out):  # type: ignore[no-untyped-def]
    """Hash each string of a joined buffer, string i ending before byte `ends[i]`; never 0."""
    start = 0
    for row in range(len(ends)):
        value = seed + np.uint64(ends[row] - start) * _PRIME
        word = np.uint64(0)
        filled = 0
        for place in range(start, ends[row]):
            word = (word << np.uint64(8)) | np.uint64(data[place])
            filled += 1
            if filled == 8:
                value = mix(value ^ word) * _PRIME
                word = np.uint64(0)
                filled = 0
        value = mix(mix(value ^ word) + seed)
        out[row] = value if value != np.uint64(0) else np.uint64(1)
        start = ends[row]



def _letters() -> NDArray[np.uint64]:
    """Lower-case value of each byte that may stand inside a word, 0 for any other byte."""
    letters = np.zeros(256, np.uint64)
    for first, last in ((0x41, 0x5A), (0x61, 0x7A), (0x80, 0xE2)):
        letters[first : last + 1] = np.arange(first, last + 1)
    letters[0x41:0x5B] |= 0x20
    return letters


def _scripts() -> NDArray[np.int64]:
    """Bit of the writing system that a leading UTF-8 byte stands for, by Unicode block."""
    scripts = np.zeros(256, np.int64)
    blocks = (0xC2, 0xC8, 0xD0, 0xD4, 0xD8, 0xE0, 0xE4, 0xEA)
    for bit, (first, end) in enumerate(zip(blocks, (*blocks[1:], 0x100), strict=True)):
        scripts[first:end] = 1 << bit
    return scripts


_LETTER = _letters()
_SCRIPT = _scripts()


@njit(cache=True, nogil=True, inline="always")
def _keep(out, start, count, most, value):  # type: ignore[no-untyped-def]
    """Add a hash to the kept ones unless it is there; beyond `most` the largest gives way."""
    largest = start
    for place in range(start, start + count):
        if out[place] == value:
            return count
        if out[place] > out[largest]:
            largest = place
    if count < most:
        out[start + count] = value
        return count + 1
    if value < out[largest]:
        out[largest] = value
    return count


@njit(cache=True, nogil=True)
def _sketch_one(data, scripts, seed, dense, sparse, edge, most, out, written):  # type: ignore[no-untyped-def]
    """Sketch one text; returns the hashes kept and sets the writing systems met.

    The last five words are kept in five scalars rather than a ring: that halves the time per byte.
    """
    size = len(data)
    first = second = third = fourth = np.uint64(0)
    kept = 0
    words = 0
    met = 0
    place = 0
    while place < size:
        begin = place
        byte = data[place]
        word = np.uint64(0)
        if _LETTER[byte] != 0:
            while place < size:
                letter = _LETTER[data[place]]
                if letter == 0:
                    break
                word = ((word << np.uint64(7)) | (word >> np.uint64(57))) ^ letter
                if letter >= 0xC2:
                    met |= _SCRIPT[data[place]]
                place += 1
        elif byte >= _FIRST_WIDE:
            met |= _SCRIPT[byte]
            place = min(size, place + (3 if byte < _FIRST_FOUR_BYTE else 4))
            for step in range(begin, place):
                word = (word << np.uint64(8)) | np.uint64(data[step])
        elif _FIRST_DIGIT <= byte <= _LAST_DIGIT:
            word = _DIGITS
            while place < size and _FIRST_DIGIT <= data[place] <= _LAST_DIGIT:
                place += 1
        else:
            place += 1
            continue
        word = (word ^ (word >> np.uint64(32))) * _PRIME
        words += 1
        if words >= SHINGLE:
            value = (((first * _PRIME + second) * _PRIME + third) * _PRIME + fourth) * _PRIME
            value = mix((value + word) ^ seed)
            near = begin <= edge or size - place <= edge
            if value < (dense if near else sparse):
                kept = _keep(out, written, kept, most, value)
        first, second, third, fourth = second, third, fourth, word
    scripts[0] = met
    return kept


@njit(cache=True, nogil=True)
def sketch_texts(data, ends, seed, dense, sparse, edge, most, out, counts, scripts):  # type: ignore[no-untyped-def]
    """Sample the shingles of each text of a joined buffer; returns how many hashes were written.

    `dense` and `sparse` are thresholds on the hash: the first holds in the first and last `edge` bytes,
    the second between them. `out` has room for `most` hashes a text; `counts[i]` and `scripts[i]` are
    the hashes kept and the writing systems (a bit each; 0 for plain ASCII) met in text i.
    """
    written = 0
    start = 0
    for row in range(len(ends)):
        counts[row] = _sketch_one(
            data[start : ends[row]],
            scripts[row : row + 1],
            seed,
            dense,
            sparse,
            edge,
            most,
            out,
            written,
        )
        written += counts[row]
        start = ends[row]
    return written
