"""Compiled loops of the tie score: weighted sums in a fixed order."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def affinities(ranks, weights, out):  # type: ignore[no-untyped-def]
    """Weighted sum of each account's ranks, taken from the middle of the population."""
    for row in range(len(ranks)):
        total = 0.0
        for column in range(len(weights)):
            total += weights[column] * (ranks[row, column] / 255.0 - 0.5)
        out[row] = total


@njit(cache=True, nogil=True)
def add_weighted(inputs, weights, out):  # type: ignore[no-untyped-def]
    """Add each row's weighted sum, in the order of the columns (BLAS may use another)."""
    for row in range(len(inputs)):
        total = out[row]
        for column in range(len(weights)):
            total += weights[column] * inputs[row, column]
        out[row] = total
