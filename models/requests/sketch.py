"""Sketches of prompts: the hashes of sampled word shingles stand for the text from here on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.text import scratch_for, sketch_texts
from models.requests.hashing import join_texts, keyed_hash

LONGEST_TEXT = 65_536
"""Characters of a text that count; the rest is cut (contract: 64 kB)."""

MOST_FRAGMENTS = 256
"""Most hashes that are kept of one text."""

LEAST_UNSAMPLED = np.uint64(2**64 // 8)
"""Every hash that is kept is less."""

_DENSE = LEAST_UNSAMPLED
_SPARSE = np.uint64(2**64 // 32)
_EDGE = 2_048
_PIECE = 1 << 18

_Piece = tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint8]]


class Sketches(NamedTuple):
    """Sketches of n texts: ragged fragment hashes with `ends`, and writing systems met (bits)."""

    fragments: NDArray[np.uint64]
    ends: NDArray[np.int64]
    scripts: NDArray[np.uint8]


class Sketcher:
    """Sketches texts under one key; what words and shingles are says `models.kernels.text`.

    A shingle of five words is kept with probability 1/8 where its last word ends in the first or
    last 2,048 bytes of a text and 1/32 between, so a fixed fragment of 40 words is missed with
    probability (7/8)^36 = 0.8 % near an edge; at most 256 distinct hashes, the smallest, are kept
    of one text.
    """

    def __init__(self, key: bytes) -> None:
        self._seed = np.uint64(keyed_hash(key, "fragment", b""))
        self._room = np.empty(1 << 16, np.uint64)
        self._scratch_size = LONGEST_TEXT
        self._scratch = scratch_for(LONGEST_TEXT)

    def sketch(self, texts: Sequence[str]) -> Sketches:
        """Sketch each text."""
        return self._sketch(texts, _SPARSE)

    def sketch_densely(self, texts: Sequence[str]) -> Sketches:
        """Sketch each text with probability 1/8 throughout, as system texts are."""
        return self._sketch(texts, _DENSE)

    def sketch_joined(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> Sketches:
        """Sketch texts that stand in a buffer of UTF-8 one after the other, none cut."""
        fragments, counts, scripts = self._sketch_joined(data, ends, _SPARSE)
        return Sketches(fragments, np.cumsum(counts), scripts)

    def _sketch(self, texts: Sequence[str], sparse: np.uint64) -> Sketches:
        """Sketch the texts in pieces that stay in the processor's cache."""
        total = sum(map(len, texts))
        if not total:
            none = np.zeros(len(texts), np.int64)
            return Sketches(np.empty(0, np.uint64), none, none.astype(np.uint8))
        step = max(1, len(texts) * _PIECE // max(total, _PIECE))
        pieces = [
            self._sketch_piece(texts[start : start + step], sparse)
            for start in range(0, len(texts), step)
        ]
        fragments, counts, scripts = (np.concatenate(part) for part in zip(*pieces, strict=True))
        return Sketches(fragments, np.cumsum(counts), scripts)

    def _sketch_piece(self, texts: Sequence[str], sparse: np.uint64) -> _Piece:
        if any(len(text) > LONGEST_TEXT for text in texts):
            texts = [text[:LONGEST_TEXT] for text in texts]
        return self._sketch_joined(*join_texts(texts), sparse)

    def _sketch_joined(
        self, data: NDArray[np.uint8], ends: NDArray[np.int64], sparse: np.uint64
    ) -> _Piece:
        longest = max(int(ends[0]), int((ends[1:] - ends[:-1]).max(initial=0)))
        self._reserve(min(len(ends) * MOST_FRAGMENTS, int(ends[-1])), longest)
        counts, scripts = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.uint8)
        written = sketch_texts(
            data, ends, self._seed, _DENSE, sparse, _EDGE, MOST_FRAGMENTS,
            self._scratch, self._room, counts, scripts,
        )  # fmt: skip
        return self._room[:written].copy(), counts, scripts

    def _reserve(self, hashes: int, longest: int) -> None:
        if hashes > len(self._room):
            self._room = np.empty(hashes, np.uint64)
        if longest > self._scratch_size:
            self._scratch_size = longest
            self._scratch = scratch_for(longest)
