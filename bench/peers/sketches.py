"""Count-min sketches of a stream's graph, as MIDAS-F keeps them.

Cormode and Muthukrishnan, "An improved data stream summary", J. Algorithms 55, 2005.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


class FilteredCounts:
    """Counts of one kind of key: this tick's, all earlier ones', and the last scores, by cell.

    Args:
        rows: Rows of the sketch.
        bits: Logarithm of its columns.
        seed: Of its hashing.
        threshold: Cells that score at least this do not teach the past.
        factor: What remains of a tick's count in the next.
    """

    def __init__(self, rows: int, bits: int, seed: int, threshold: float, factor: float) -> None:
        random = np.random.default_rng(seed)
        self._salts = random.integers(0, 2**64, rows, np.uint64)
        self._shift = np.uint64(64 - bits)
        self._current = np.zeros((rows, 1 << bits))
        self._total = np.zeros_like(self._current)
        self._scores = np.zeros_like(self._current)
        self._threshold, self._factor = threshold, factor

    def pass_tick(self, ticks: int) -> None:
        """Let a tick end, after so many of them.

        Cells that look ordinary add their count to the past, the others the past's own mean
        (conditional merge).
        """
        mean = self._total / ticks
        self._total += np.where(self._scores < self._threshold, self._current, mean)
        self._current *= self._factor

    def add(self, keys: Keys, counts: Floats, tick: int) -> Floats:
        """Count distinct keys within a tick, the first being 1, and score each.

        The score is the chi-square statistic of this tick's count against the past's mean.
        """
        places = [self._places(row, keys) for row in range(len(self._salts))]
        for row, place in enumerate(places):
            np.add.at(self._current[row], place, counts)
        now = np.min([self._current[row, place] for row, place in enumerate(places)], axis=0)
        past = np.min([self._total[row, place] for row, place in enumerate(places)], axis=0)
        scores = chi_square(now, past, tick)
        for row, place in enumerate(places):
            self._scores[row, place] = 0.0
            np.maximum.at(self._scores[row], place, scores)
        return scores

    def _places(self, row: int, keys: Keys) -> NDArray[np.intp]:
        mixed = (keys ^ self._salts[row]) * _MIX
        mixed ^= mixed >> np.uint64(32)
        places: NDArray[np.intp] = (mixed * _MIX >> self._shift).astype(np.intp)
        return places


def chi_square(now: Floats, past: Floats, tick: int) -> Floats:
    """MIDAS' statistic (a + s − a t)² / (s (t − 1)); 0 without a past."""
    known = past > 0.0
    deviation = (now + past - now * tick) ** 2
    scores: Floats = np.where(known, deviation / np.where(known, past * max(tick - 1, 1), 1.0), 0.0)
    return scores
