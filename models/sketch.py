"""Sketches of prompts: the hashes of sampled word shingles stand for the text from here on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.hashing import join_texts, keyed_hash
from models.kernels.text import sketch_texts

LONGEST_TEXT = 65_536
"""Characters of a text that count; the rest is cut (contract: 64 kB)."""

MOST_FRAGMENTS = 256
_DENSE = np.uint64(2**64 // 8)
_SPARSE = np.uint64(2**64 // 32)
_EDGE = 2_048


class Sketches(NamedTuple):
    """Sketches of n texts: ragged fragment hashes with `ends`, and writing systems met (bits)."""

    fragments: NDArray[np.uint64]
    ends: NDArray[np.int64]
    scripts: NDArray[np.uint8]


class Sketcher:
    """Sketches texts under one key.

    A shingle of five words is kept with probability 1/8 in the first and last 2 kB of a text and 1/32
    between, so a fixed fragment of 40 words is missed with probability (7/8)^36 = 0.8 % near an edge;
    at most 256 hashes, the smallest, are kept of one text.
    """

    def __init__(self, key: bytes) -> None:
        self._seed = np.uint64(keyed_hash(key, "fragment", b""))
        self._room = np.empty(1 << 16, np.uint64)

    def sketch(self, texts: Sequence[str], dense: bool = False) -> Sketches:
        """Sketch each text; `dense` samples at 1/8 throughout (for system texts)."""
        cut = [text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] for text in texts]
        data, ends = join_texts(cut)
        sizes = np.diff(ends, prepend=0)
        room = int(np.minimum(sizes // 2 + 1, MOST_FRAGMENTS + 1).sum()) + MOST_FRAGMENTS
        if room > len(self._room):
            self._room = np.empty(room, np.uint64)
        out = self._room
        counts = np.zeros(len(texts), np.int64)
        scripts = np.zeros(len(texts), np.uint8)
        sparse = _DENSE if dense else _SPARSE
        written = sketch_texts(
            data, ends, self._seed, _DENSE, sparse, _EDGE, MOST_FRAGMENTS, out, counts, scripts
        )
        return Sketches(out[:written].copy(), np.cumsum(counts), scripts)
