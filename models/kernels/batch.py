"""Compiled helpers for columnar batches: ragged columns and measures of a request."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.table import mix

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
def combine(columns):  # type: ignore[no-untyped-def]
    """One hash a row out of the hashes uint64[columns, rows]; rows in which all are 0 give 0."""
    width, rows = columns.shape
    out = np.zeros(rows, np.uint64)
    for row in range(rows):
        value = np.uint64(0)
        known = np.uint64(0)
        for column in range(width):
            value = mix(value + columns[column, row]) + np.uint64(column + 1)
            known |= columns[column, row]
        if known != 0:
            out[row] = max(value, np.uint64(1))
    return out


@njit(cache=True, nogil=True)
def smallest_of(values, ends, chosen):  # type: ignore[no-untyped-def]
    """The smallest value of each chosen row of a ragged column; 0 for other rows and empty ones."""
    out = np.zeros(len(ends), np.uint64)
    for row in range(len(ends)):
        if not chosen[row]:
            continue
        for place in range(ends[row - 1] if row > 0 else 0, ends[row]):
            if out[row] == 0 or values[place] < out[row]:
                out[row] = values[place]
    return out


@njit(cache=True, nogil=True)
def mark_rows(hashes, out):  # type: ignore[no-untyped-def]
    """Set one bit of 64 for each hash uint64[columns, rows] in `out[row, column]`; none for 0."""
    width, rows = hashes.shape
    for column in range(width):
        for row in range(rows):
            value = hashes[column, row]
            if value != 0:
                out[row, column] = np.uint64(1) << (value >> np.uint64(58))


@njit(cache=True, nogil=True, inline="always")
def _append(values, ends, row, out, written):  # type: ignore[no-untyped-def]
    for place in range(ends[row - 1] if row > 0 else 0, ends[row]):
        out[written] = values[place]
        written += 1
    return written


@njit(cache=True, nogil=True)
def join_ties(columns, first, first_ends, second, second_ends, third, third_ends):  # type: ignore[no-untyped-def]
    """One ragged column of fixed ones, uint64[columns, rows] (0 is left out), and ragged ones."""
    width, rows = columns.shape
    out = np.empty(rows * width + len(first) + len(second) + len(third), np.uint64)
    ends = np.empty(rows, np.int64)
    written = 0
    for row in range(rows):
        for column in range(width):
            if columns[column, row] != 0:
                out[written] = columns[column, row]
                written += 1
        written = _append(first, first_ends, row, out, written)
        written = _append(second, second_ends, row, out, written)
        written = _append(third, third_ends, row, out, written)
        ends[row] = written
    return out[:written].copy(), ends


@njit(cache=True, nogil=True, inline="always")
def _log(value):  # type: ignore[no-untyped-def]
    return np.int64(np.rint(np.log2(1.0 + value) * UNIT))


@njit(cache=True, nogil=True)
def measure_rows(  # type: ignore[no-untyped-def]
    inputs, cached, outputs, reasoning, messages, characters, fragments, completions, out
):  # fmt: skip
    """Fill the numeric columns of `models.requests.batch.MEASURES`; NaN is unknown."""
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
        tokens = inputs[row] if inputs[row] >= 0 else 0.0
        tokens += outputs[row] if outputs[row] >= 0 else 0.0
        # Within 32 bits, so that one odd row does not widen a whole batch on the wire.
        out[row, 18] = np.int64(min(tokens, 2.0**31 - 1.0))
        if completions[row] > 1.0:
            out[row, 19] = np.int64(np.rint(np.log2(min(completions[row], 2.0**20)) * UNIT))
