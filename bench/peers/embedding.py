"""Texts as vectors without a model: signed hashing of four-byte grams, then random features.

Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009; Rahimi and
Recht, "Random features for large-scale kernel machines", NeurIPS 2007.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIMENSIONS = 512
# A sentence embedder reads about as much of a text.
LONGEST = 2_000

_GRAM = 4
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


def embed(texts: Sequence[str]) -> Floats:
    """One row of length 1 for each text; zeros where a text is shorter than a gram."""
    parts = [text[:LONGEST].lower().encode() for text in texts]
    rows = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    data = np.frombuffer(b"".join(parts), np.uint8).astype(np.uint64)
    if data.size < _GRAM:
        return np.zeros((len(texts), DIMENSIONS))
    last = data.size - _GRAM + 1
    grams = np.zeros(last, np.uint64)
    for at in range(_GRAM):
        grams |= data[at : at + last] << np.uint64(8 * at)
    within = rows[:last] == rows[_GRAM - 1 :]
    mixed = grams[within] * _MIX
    places = rows[:last][within] * DIMENSIONS + (mixed >> np.uint64(55)).astype(np.intp)
    signs = np.where(mixed >> np.uint64(54) & np.uint64(1), 1.0, -1.0)
    counts = np.bincount(places, signs, len(texts) * DIMENSIONS).reshape(-1, DIMENSIONS)
    lengths = np.sqrt((counts**2).sum(axis=1, keepdims=True))
    vectors: Floats = counts / np.maximum(lengths, 1e-12)
    return vectors


class RandomFeatures:
    """Features whose inner products are those of a Gaussian kernel of the given width."""

    def __init__(self, size: int, width: float, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._directions = random.normal(0.0, 1.0 / width, (DIMENSIONS, size))
        self._phases = random.uniform(0.0, 2.0 * np.pi, size)
        self._scale = np.sqrt(2.0 / size)

    def of(self, vectors: Floats) -> Floats:
        """One row of features for each row."""
        features: Floats = self._scale * np.cos(vectors @ self._directions + self._phases)
        return features


def median_distance(vectors: Floats) -> float:
    """Median distance between rows, the usual width of a kernel."""
    squares = (vectors**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2.0 * vectors @ vectors.T
    upper = distances[np.triu_indices(len(vectors), 1)]
    return float(np.sqrt(max(float(np.median(upper)), 1e-6)))
