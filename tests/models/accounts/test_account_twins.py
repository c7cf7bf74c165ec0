"""Compiled loops of the account stage, beside plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.kernels import accounts, habits
from models.layouts import EDGE, PARTIAL, PROFILE, RECENT, UNITS
from models.requests.batch import BREADTHS, MEASURES
from models.requests.kinds import TieKind

FRAGMENT = np.uint64(TieKind.FRAGMENT)
START, LENGTH = 5_000_000, 300_000_000
HALF_LIFE, GENERATION = 40, 12

keys = st.integers(0, 2**64 - 1)
seeds = st.integers(0, 2**32 - 1)


@given(seeds)
@settings(max_examples=30)
def test_rows_are_summed_into_the_partial_of_their_account(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 12))
    slots = random.integers(0, 3, count).astype(np.int32)
    time = random.integers(START - LENGTH // 5, START + LENGTH, count)
    request = random.permutation(np.arange(1, count + 1)).astype(np.uint64)
    measures = random.integers(0, 90, (count, len(MEASURES)))
    marks = random.integers(0, 2**63, (count, len(BREADTHS))).astype(np.uint64)
    facts = [random.integers(0, 5, count) for _ in range(5)]
    typed = [one.astype(np.uint64) for one in facts[:3]]
    partials = np.zeros(3, PARTIAL)
    account = (slots + 70).astype(np.uint64)
    accounts.add_rows(
        partials, slots, time, START, LENGTH, request, account, measures, marks,
        (*typed, facts[3].astype(np.int32), facts[4]),
    )  # fmt: skip
    for slot in set(slots.tolist()):
        rows = np.flatnonzero(slots == slot)
        partial, clipped = partials[slot], np.maximum(time[rows], START)
        assert partial["account"] == slot + 70
        assert partial["measures"].tolist() == measures[rows].sum(axis=0).tolist()
        assert partial["marks"].tolist() == np.bitwise_or.reduce(marks[rows]).tolist()
        parts = {min(max((int(one) - START) * 60 // LENGTH, 0), 59) for one in time[rows]}
        assert int(partial["parts"]) == sum(1 << part for part in parts)
        for name, values in zip(("owner", "payment", "network", "plan"), facts, strict=False):
            assert partial[name] == values[rows].max()
        assert partial["created"] == min((one for one in facts[4][rows].tolist() if one), default=0)
        assert (partial["first"], partial["last"]) == (clipped.min(), clipped.max())
        chosen = int(rows[np.argmin(request[rows])])
        assert (partial["example"], partial["chosen"]) == (request[chosen], chosen)


def folded(partials: list[NDArray[np.void]], epochs: list[int]) -> NDArray[np.void]:
    """The profile of one account after these epochs."""
    profiles, slots = np.zeros(1, PROFILE), np.zeros(1, np.int32)
    for partial, epoch in zip(partials, epochs, strict=True):
        accounts.fold(
            profiles, slots, partial, epoch, epoch % 24, HALF_LIFE, GENERATION, UNITS
        )  # fmt: skip
    return profiles


@given(seeds)
@settings(max_examples=30)
def test_a_profile_is_the_faded_sum_of_its_epochs(seed: int) -> None:
    random = np.random.default_rng(seed)
    epochs = np.cumsum(random.integers(1, 30, 6)).tolist()
    partials = []
    for epoch in epochs:
        partial = np.zeros(1, PARTIAL)
        partial["account"], partial["parts"] = 9, random.integers(1, 2**60)
        partial["measures"] = random.integers(0, 50, len(MEASURES))
        partial["marks"] = random.integers(0, 2**63, len(BREADTHS))
        partial["first"] = START + epoch * LENGTH
        partial["last"] = partial["first"] + random.integers(0, LENGTH)
        partials.append(partial)
    [profile] = folded(partials, epochs)
    fading = [0.5 ** ((epochs[-1] - epoch) / HALF_LIFE) for epoch in epochs]

    def faded(values: list[Any]) -> Any:
        return sum(share * value for share, value in zip(fading, values, strict=True))

    measures = [partial["measures"][0] for partial in partials]
    assert profile["sums"] == pytest.approx(faded([one / UNITS for one in measures]), rel=1e-4)
    assert profile["active"] == pytest.approx(faded([1.0] * len(epochs)), rel=1e-4)
    busy = [int(partial["parts"][0]).bit_count() for partial in partials]
    assert profile["busy"] == pytest.approx(faded(busy), rel=1e-4)
    by_hour = np.zeros(24)
    for share, epoch, one in zip(fading, epochs, measures, strict=True):
        by_hour[epoch % 24] += share * one[0]
    assert profile["hours"] == pytest.approx(by_hour, rel=1e-4)
    assert profile["lifetime"] == sum(int(one[0]) for one in measures)
    since, marks, old = epochs[0], partials[0]["marks"][0].copy(), np.zeros_like(profile["marks"])
    for epoch, partial in list(zip(epochs, partials, strict=True))[1:]:
        if epoch - since >= GENERATION:
            old = marks if epoch - since < 2 * GENERATION else np.zeros_like(marks)
            marks, since = np.zeros_like(marks), epoch
        marks = marks | partial["marks"][0]
    assert profile["marks"].tolist() == marks.tolist()
    assert profile["old_marks"].tolist() == old.tolist()


@given(st.lists(keys, min_size=1, max_size=4))
def test_distinct_values_are_counted_by_the_bits_that_are_empty(marks: list[int]) -> None:
    recent = np.array([marks], np.uint64)
    out = np.zeros(recent.shape)
    accounts.distinct_of(recent, recent >> np.uint64(1), out)
    empty = [64 - (one | one >> 1).bit_count() for one in marks]
    assert out[0] == pytest.approx([-64 * math.log(max(one, 0.5) / 64) for one in empty])


@given(seeds)
def test_ranks_and_histograms_go_by_cohort_and_bin(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 9))
    cohorts = random.integers(0, 2, count)
    bins = random.integers(0, 5, (count, 3)).astype(np.uint8)
    tables = random.integers(0, 256, (2, 3, 5)).astype(np.uint8)
    ranks, histogram = np.zeros(bins.shape, np.uint8), np.zeros((2, 3, 5))
    accounts.to_ranks(cohorts, bins, tables, ranks)
    accounts.add_to_histogram(cohorts, bins, histogram)
    places = [
        (cohorts[row], column, bins[row, column]) for row in range(count) for column in range(3)
    ]
    assert ranks.ravel().tolist() == [tables[place] for place in places]
    assert histogram.sum() == len(places)
    assert all(histogram[place] == places.count(place) for place in places)


epochs_of_keys = st.lists(st.sets(st.integers(0, 2**12)), min_size=1, max_size=5)


@given(epochs_of_keys)
def test_of_fragments_shown_again_one_in_four_is_recalled(epochs: list[set[int]]) -> None:
    profiles, slots = np.zeros(1, PROFILE), np.zeros(1, np.int32)
    cells: dict[int, int] = {}
    sampled = repeated = 0
    for shown in epochs:
        ties = [(value << 14 | value % 4 << 4 | int(FRAGMENT)) for value in shown]
        edges = np.zeros(len(ties), EDGE)
        edges["tie"] = np.array(ties, np.uint64)
        accounts.recall(profiles, slots, edges, FRAGMENT)
        kept = [tie for tie in ties if tie >> 4 & 3 == 0]
        tags = [((tie >> 6) % RECENT, tie >> 16 & 0xFFFF | 1) for tie in kept]
        sampled += len(tags)
        repeated += sum(cells.get(cell) == tag for cell, tag in tags)
        for cell in {cell for cell, _ in tags}:
            cells[cell] = max(tag for other, tag in tags if other == cell)
    assert (profiles["sampled"][0], profiles["repeated"][0]) == (sampled, repeated)


@given(st.lists(st.tuples(st.sets(st.integers(0, 5)), st.integers(1, 9)), max_size=8))
def test_requests_to_what_is_new_are_told_from_those_to_what_is_known(
    epochs: list[tuple[set[int], int]],
) -> None:
    day = 3
    profiles, slots = np.zeros(1, PROFILE), np.zeros(1, np.int32)
    columns = np.array([0])
    known, pending, since = set[int](), set[int](), None
    settled = moved = 0.0
    for epoch, (shown, requests) in enumerate(epochs):
        partial = np.zeros(1, PARTIAL)
        partial["marks"][0, 0] = sum(1 << bit for bit in shown)
        partial["measures"][0, 0] = requests
        habits.note_moves(profiles, slots, partial, columns, epoch, day)
        if not shown:
            continue
        if since is not None and epoch - since >= day:
            known, pending, since = known | pending, set(), None
        if known:
            settled += requests
            moved += requests * len(shown - known) / len(shown)
        if shown - known:
            pending |= shown - known
            since = epoch if since is None else since
    assert profiles["settled"][0, 0] == pytest.approx(settled)
    assert profiles["moved"][0, 0] == pytest.approx(moved, rel=1e-5)
