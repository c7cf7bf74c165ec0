"""Compiled helpers for columnar batches: ragged columns and measures of a request."""

from __future__ import annotations

import numpy as np
from numba import njit

UNIT = 256.0
"""Fixed point of logarithms."""


@njit(cache=True, nogil=True)
def gather_ragged(values, ends, rows):  # type: ignore[no-untyped-def]
    """The ragged column of the chosen rows: values and ends."""
    total = 0
    for row in rows:
        total += ends[row] - (ends[row - 1] if row > 0 else 0)
    out = np.empty(total, np.uint64)
    out_ends = np.empty(len(rows), np.int64)
    written = 0
    for place in range(len(rows)):
        row = rows[place]
        for source in range(ends[row - 1] if row > 0 else 0, ends[row]):
            out[written] = values[source]
            written += 1
        out_ends[place] = written
    return out, out_ends


@njit(cache=True, nogil=True)
def join_ties(columns, first, first_ends, second, second_ends):  # type: ignore[no-untyped-def]
    """One ragged column a row out of fixed columns (0 is left out) and two ragged ones."""
    rows, width = columns.shape
    out = np.empty(rows * width + len(first) + len(second), np.uint64)
    ends = np.empty(rows, np.int64)
    written = 0
    for row in range(rows):
        for column in range(width):
            if columns[row, column] != 0:
                out[written] = columns[row, column]
                written += 1
        for place in range(first_ends[row - 1] if row > 0 else 0, first_ends[row]):
            out[written] = first[place]
            written += 1
        for place in range(second_ends[row - 1] if row > 0 else 0, second_ends[row]):
            out[written] = second[place]
            written += 1
        ends[row] = written
    return out[:written].copy(), ends


@njit(cache=True, nogil=True, inline="always")
def _log(value):  # type: ignore[no-untyped-def]
    return np.int64(np.rint(np.log2(1.0 + value) * UNIT))


@njit(cache=True, nogil=True)
def measure_rows(inputs, cached, outputs, reasoning, messages, characters, fragments, out):  # type: ignore[no-untyped-def]
    """Fill the numeric columns of `models.batch.MEASURES`; NaN is unknown."""
    for row in range(len(out)):
        out[row, 0] = 1
        if inputs[row] >= 0:
            value = _log(inputs[row])
            out[row, 1] = 1
            out[row, 2] = value
            out[row, 3] = value * value
            if cached[row] > 0 and inputs[row] > 0:
                out[row, 9] = np.int64(min(1.0, cached[row] / inputs[row]) * UNIT)
        if outputs[row] >= 0:
            value = _log(outputs[row])
            out[row, 4] = 1
            out[row, 5] = value
            out[row, 6] = value * value
        if messages[row] >= 0:
            out[row, 7] = 1
            out[row, 8] = messages[row] <= 2
        out[row, 10] = reasoning[row] > 0
        if characters[row] > 0:
            value = _log(characters[row])
            out[row, 14] = 1
            out[row, 15] = value
            out[row, 16] = value * value
            out[row, 17] = fragments[row]
