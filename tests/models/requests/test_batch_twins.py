"""Compiled loops over batches and of scores, beside plain Python.

Other loops have their twins where they are used: those of texts and words in `test_sketch`, strings
in `test_hashing`, tables in `test_table`, trees in `test_baseline`; those of accounts in
`test_account_twins`, of ties in `test_tie_twin`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.kernels import batch, scores
from models.requests.batch import MEASURES

keys = st.integers(0, 2**64 - 1)
ragged = st.lists(st.lists(keys, max_size=4), min_size=1, max_size=6)
seeds = st.integers(0, 2**32 - 1)


def flat(rows: list[list[int]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A ragged column: all values, and where each row ends."""
    values = np.array([value for row in rows for value in row], np.uint64)
    return values, np.cumsum([len(row) for row in rows])


def unflat(values: NDArray[np.uint64], ends: NDArray[np.int64]) -> list[list[int]]:
    return [part.tolist() for part in np.split(values, ends[:-1])]


@given(ragged, st.data())
def test_rows_of_a_ragged_column_are_gathered(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
    gathered = batch.gather_ragged(*flat(rows), np.array(chosen, np.intp))
    assert unflat(*gathered) == [rows[row] for row in chosen]


@given(ragged, st.data())
def test_the_smallest_of_chosen_rows_is_found(rows: list[list[int]], data: st.DataObject) -> None:
    # A tie key is never 0: that is how a row without any is told.
    rows = [[value or 1 for value in row] for row in rows]
    chosen = [data.draw(st.booleans()) for _ in rows]
    found = batch.smallest_of(*flat(rows), np.array(chosen))
    expected = [
        min(row, default=0) if wanted else 0 for row, wanted in zip(rows, chosen, strict=True)
    ]
    assert found.tolist() == expected


@given(st.integers(1, 4), st.data())
def test_columns_are_joined_row_by_row(width: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    column = st.lists(st.sampled_from([0, 0, 3, 2**63]), min_size=count, max_size=count)
    fixed = [data.draw(column) for _ in range(width)]
    parts = [
        data.draw(st.lists(st.lists(keys, max_size=3), min_size=count, max_size=count))
        for _ in range(3)
    ]
    pairs = [one for part in parts for one in flat(part)]
    joined = batch.join_ties(np.array(fixed, np.uint64), *pairs)
    assert unflat(*joined) == [
        [one[row] for one in fixed if one[row]] + [value for part in parts for value in part[row]]
        for row in range(count)
    ]


@given(st.lists(keys, min_size=1, max_size=6))
def test_a_hash_marks_the_bit_that_its_six_high_bits_say(hashes: list[int]) -> None:
    marks = np.zeros((len(hashes), 1), np.uint64)
    batch.mark_rows(np.array([hashes], np.uint64), marks)
    assert marks[:, 0].tolist() == [1 << (value >> 58) if value else 0 for value in hashes]


def mixed(value: int) -> int:
    """Splitmix64's finaliser."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


@given(st.lists(st.tuples(keys, keys, keys) | st.just((0, 0, 0)), min_size=1, max_size=5))
def test_hashes_of_a_row_are_combined_in_order(rows: list[tuple[int, int, int]]) -> None:
    expected = []
    for row in rows:
        value = 0
        for column, one in enumerate(row):
            value = (mixed((value + one) % 2**64) + column + 1) % 2**64
        expected.append(max(value, 1) if any(row) else 0)
    assert batch.combine(np.array(rows, np.uint64).T.copy()).tolist() == expected


numbers = st.just(math.nan) | st.integers(0, 2**31 - 1).map(float)


def fixed_log(value: float) -> int:
    return round(math.log2(1.0 + value) * 256.0)


@given(numbers, numbers, numbers, numbers, numbers, st.integers(0, 9_000), numbers)
def test_measures_of_a_request_are_those_of_its_numbers(
    inputs: float, cached: float, outputs: float, reasoning: float, messages: float,
    characters: int, completions: float,
) -> None:  # fmt: skip
    found = np.zeros((1, len(MEASURES)), np.int64)
    numbers = (inputs, cached, outputs, reasoning, messages, characters, 7, completions)
    measure_rows: Any = batch.measure_rows
    measure_rows(*(np.array([one]) for one in numbers), found)
    logs = {
        first: fixed_log(number)
        for first, number in ((1, inputs), (4, outputs), (14, float(characters)))
        if number > 0 or (first != 14 and number == 0)
    }
    expected = [0] * 20
    expected[0] = 1
    for first, value in logs.items():
        expected[first : first + 3] = [1, value, value * value]
    if messages >= 0:
        expected[7:9] = [1, int(messages <= 2)]
    if cached > 0 and inputs > 0:
        expected[9] = int(min(1.0, cached / inputs) * 256.0)
    expected[10] = int(reasoning > 0)
    expected[17] = 7 if characters else 0
    expected[18] = int(min(sum(one for one in (inputs, outputs) if one >= 0), 2.0**31 - 1))
    if completions > 1:
        expected[19] = round(math.log2(min(completions, 2.0**20)) * 256.0)
    assert found[0, [*range(11), *range(14, 20)]].tolist() == expected[:11] + expected[14:]


@given(seeds)
def test_weighted_sums_are_taken_column_by_column(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = random.integers(1, 6, 2)
    weights, inputs = random.normal(size=columns), random.normal(size=(rows, columns))
    ranks = random.integers(0, 256, (rows, columns)).astype(np.uint8)
    sums, closeness = np.ones(rows), np.zeros(rows)
    scores.add_weighted(inputs, weights, sums)
    scores.affinities(ranks, weights, closeness)
    assert sums == pytest.approx([1 + math.fsum(weights * row) for row in inputs])
    assert closeness == pytest.approx([math.fsum(weights * (row / 255 - 0.5)) for row in ranks])
