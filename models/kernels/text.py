"""Sketches of text in bulk: sampled word shingles.

Words, by code point. A letter is A to Z, a to z, or anything from U+00C0 to U+1FFF; a run of
letters is a word, its ASCII letters in lower case. A run of digits 0 to 9 is a word, the same one
whatever its digits. A character from U+3000 on (Chinese, Japanese, Korean, emoji) is a word by
itself. Everything else separates: so do the punctuation and symbols of U+0080 to U+00BF and of
U+2000 to U+2FFF.

A shingle is five words in a row, whatever separates them. With w1 … w5 the hashes of its words
(`models.kernels.words.hash_word`), its hash is mix((w1 P^4 + w2 P^3 + w3 P^2 + w4 P + w5) ^ seed)
modulo 2^64. It is kept when it falls below a threshold (fractional sampling), so that the same run
of words leaves the same hashes wherever it stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.instructions import WIDTH
from models.kernels.table import mix
from models.kernels.words import (
    BLOCK,
    PRIME,
    classify,
    classify_ascii,
    find_words,
    hash_word,
    is_ascii,
)

SHINGLE = 5
_ONE = np.uint64(1)
_BEYOND = np.uint64(pow(int(PRIME), SHINGLE, 2**64))


@njit(cache=True, nogil=True)
def _hash_shingles(kinds, folded, starts, ends, count, seed, hashes):  # type: ignore[no-untyped-def]
    """Write the hash of the shingle that each word ends (nonsense for the first four)."""
    blocks = folded.view(np.uint64)
    shingle = fifth = fourth = third = second = last = np.uint64(0)
    for place in range(count):
        word = hash_word(kinds, blocks, np.uint64(starts[place]), np.uint64(ends[place]))
        shingle = shingle * PRIME + word - fifth * _BEYOND
        fifth, fourth, third, second, last = fourth, third, second, last, word
        hashes[place] = shingle
    # Apart from the above, as it is done on whole vectors.
    for place in range(count):
        hashes[place] = mix(hashes[place] ^ seed)


@njit(cache=True, nogil=True)
def _keep_below(hashes, first, last, threshold, kept):  # type: ignore[no-untyped-def]
    for place in range(first, last):
        value = hashes[place]
        hashes[kept] = value
        kept += np.uint64(value < threshold)
    return kept


@njit(cache=True, nogil=True)
def _sample(hashes, ends, count, size, dense, sparse, edge):  # type: ignore[no-untyped-def]
    """Move the hashes that are below their threshold to the front; returns how many there are."""
    first = min(np.uint64(SHINGLE - 1), count)
    head = first
    while head < count and ends[head] <= edge:
        head += _ONE
    tail = count
    while tail > head and ends[tail - _ONE] > size - edge:
        tail -= _ONE
    kept = _keep_below(hashes, first, head, dense, np.uint64(0))
    kept = _keep_below(hashes, head, tail, sparse, kept)
    return _keep_below(hashes, tail, count, dense, kept)


@njit(cache=True, nogil=True)
def _smallest(hashes, most, out, written):  # type: ignore[no-untyped-def]
    """Append the smallest `most` distinct hashes, ascending, to `out`; returns how many."""
    ordered = np.sort(hashes)
    kept = 0
    for place in range(len(ordered)):
        if kept < most and (place == 0 or ordered[place] != ordered[place - 1]):
            out[written + kept] = ordered[place]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _distinct(hashes, out, written):  # type: ignore[no-untyped-def]
    """Append the distinct hashes, in order of first appearance, to `out`; returns how many."""
    kept = 0
    for place in range(len(hashes)):
        value = hashes[place]
        known = False
        # To the end in any case: a loop without exit is done on whole vectors.
        for other in range(kept):
            known |= out[written + other] == value
        out[written + kept] = value
        kept += not known
    return kept


def scratch_for(size: int) -> tuple[NDArray[Any], ...]:
    """Working memory of `sketch_texts` for texts of up to `size` bytes, to be used again."""
    room = size + 2 + WIDTH
    return (
        np.zeros(room, np.uint8),
        np.zeros((room // BLOCK + 2) * BLOCK, np.uint8),
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room, np.uint64),
    )


@njit(cache=True, nogil=True)
def sketch_texts(data, ends, seed, dense, sparse, edge, most, scratch, out, counts, scripts):  # type: ignore[no-untyped-def]
    """Sample the shingles of each UTF-8 text of a joined buffer; returns how many are written.

    `dense` and `sparse` are thresholds on the hash. The first holds for a shingle whose last word
    ends in the first or the last `edge` bytes of the text, the second between. Of a text's distinct
    hashes the `most` smallest are written; `out` has room for as many. `counts[i]` and `scripts[i]`
    are the hashes kept and the writing systems (a bit each; 0 for plain ASCII) met in text i.
    `scratch` is what `scratch_for` gave for the longest of the texts or more.
    """
    kinds, folded, starts, word_ends, hashes = scratch
    written = 0
    start = 0
    for row in range(len(ends)):
        text = data[start : ends[row]]
        if is_ascii(text):
            classify_ascii(text, kinds, folded)
        else:
            scripts[row] = classify(text, kinds, folded)
        kinds[len(text) + 1 : len(text) + 1 + WIDTH] = 0
        count = find_words(kinds, len(text), starts, word_ends)
        _hash_shingles(kinds, folded, starts, word_ends, count, seed, hashes)
        found = _sample(hashes, word_ends, count, len(text), dense, sparse, edge)
        if found > most:
            counts[row] = _smallest(hashes[:found], most, out, written)
        else:
            counts[row] = _distinct(hashes[:found], out, written)
        written += counts[row]
        start = ends[row]
    return written
