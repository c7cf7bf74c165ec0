"""Sketches of text in bulk: sampled word shingles.

Words, by code point. A letter is A to Z, a to z, or anything from U+00C0 to U+1FFF; a run of
letters is a word, its ASCII letters in lower case. A run of digits 0 to 9 is a word, the same one
whatever its digits. A character from U+3000 on (Chinese, Japanese, Korean, emoji) is a word by
itself. Everything else separates: so do the punctuation and symbols of U+0080 to U+00BF and of
U+2000 to U+2FFF.

A shingle is five words in a row, whatever separates them. With w1 … w5 the hashes of its words
(`models.kernels.words.hash_words`), its hash is mix((w1 P^4 + w2 P^3 + w3 P^2 + w4 P + w5) ^ seed)
modulo 2^64. It is kept when it falls below a threshold (fractional sampling), so that the same run
of words leaves the same hashes wherever it stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.kernels.table import mix
from models.kernels.words import (
    BLOCK,
    PRIME,
    classify,
    classify_ascii,
    find_runs,
    hash_words,
    is_ascii,
)

SHINGLE = 5
_ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def _hash_shingles(words, count, seed):  # type: ignore[no-untyped-def]
    """Replace each word's hash by that of the shingle it ends (nonsense for the first four)."""
    four = three = two = one = np.uint64(0)
    for place in range(count):
        word = words[place]
        words[place] = mix((four + word) ^ seed)
        four = (three + word) * PRIME
        three = (two + word) * PRIME
        two = (one + word) * PRIME
        one = word * PRIME


@njit(cache=True, nogil=True)
def _take_below(hashes, first, last, threshold, out, kept):  # type: ignore[no-untyped-def]
    for place in range(first, last):
        out[kept] = hashes[place]
        kept += np.uint64(hashes[place] < threshold)
    return kept


@njit(cache=True, nogil=True)
def _sample(hashes, ends, count, size, dense, sparse, edge, out):  # type: ignore[no-untyped-def]
    """Move the shingles' hashes below their threshold to `out`; returns how many there are."""
    first = min(np.uint64(SHINGLE - 1), count)
    head = first
    while head < count and ends[head] <= edge:
        head += _ONE
    tail = count
    while tail > head and ends[tail - _ONE] > size - edge:
        tail -= _ONE
    kept = _take_below(hashes, first, head, dense, out, np.uint64(0))
    kept = _take_below(hashes, head, tail, sparse, out, kept)
    return _take_below(hashes, tail, count, dense, out, kept)


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
    room = size + 2
    return (
        np.zeros(room, np.uint8),
        np.zeros((room // BLOCK + 2) * BLOCK, np.uint8),
        np.empty(room, np.int32),
        np.empty(room, np.uint64),
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
    kinds, folded, starts, words, word_ends, sampled = scratch
    written = 0
    start = 0
    for row in range(len(ends)):
        text = data[start : ends[row]]
        if is_ascii(text):
            classify_ascii(text, kinds, folded)
        else:
            scripts[row] = classify(text, kinds, folded)
        kinds[len(text) + 1] = 0
        runs = find_runs(kinds, len(text), starts)
        count = hash_words(kinds, folded, starts, runs, words, word_ends)
        _hash_shingles(words, count, seed)
        found = _sample(words, word_ends, count, len(text), dense, sparse, edge, sampled)
        if found > most:
            counts[row] = _smallest(sampled[:found], most, out, written)
        else:
            counts[row] = _distinct(sampled[:found], out, written)
        written += counts[row]
        start = ends[row]
    return written
