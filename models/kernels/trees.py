"""Compiled scoring of half-space trees held as arrays."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def score_trees(points, features, thresholds, masses, height, size_limit, most, out):  # type: ignore[no-untyped-def]
    """Anomaly score in [0, 1] of each point (ranks 0 to 255), as river's HalfSpaceTrees gives it.

    Trees are perfect binary trees in breadth-first order, one a row of the three tables.
    """
    for row in range(len(points)):
        score = 0.0
        for tree in range(features.shape[0]):
            node = 0
            weight = 1.0
            for _ in range(height + 1):
                mass = masses[tree, node]
                score += mass * weight
                if mass < size_limit or 2 * node + 1 >= features.shape[1]:
                    break
                value = points[row, features[tree, node]] / 255.0
                node = 2 * node + (1 if value < thresholds[tree, node] else 2)
                weight *= 2.0
        out[row] = 1.0 - score / most
