from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from bench.peers.intervals import bootstrap, wilson

COUNTS = some.integers(1, 200).flatmap(
    lambda tried: some.tuples(some.integers(0, tried), some.just(tried))
)
SHARES = some.lists(some.floats(0.0, 1.0), min_size=2, max_size=12)


@given(COUNTS)
def test_the_share_found_lies_in_its_interval_within_zero_and_one(counts: tuple[int, int]) -> None:
    found, tried = counts
    low, high = wilson(found, tried)
    assert 0.0 <= low <= found / tried <= high <= 1.0
    assert low < high


@given(COUNTS)
def test_what_was_missed_has_the_mirrored_interval(counts: tuple[int, int]) -> None:
    found, tried = counts
    low, high = wilson(found, tried)
    assert wilson(tried - found, tried) == pytest.approx((1.0 - high, 1.0 - low))


@given(COUNTS)
def test_more_runs_with_the_same_share_say_more(counts: tuple[int, int]) -> None:
    few, many = wilson(*counts), wilson(4 * counts[0], 4 * counts[1])
    assert many.high - many.low < few.high - few.low


@given(COUNTS)
def test_the_ends_are_where_the_share_is_two_deviations_away(counts: tuple[int, int]) -> None:
    found, tried = counts
    for end in wilson(found, tried):
        if 0.0 < end < 1.0:
            deviation = (end * (1.0 - end) / tried) ** 0.5
            assert abs(found / tried - end) == pytest.approx(1.96 * deviation, rel=1e-3)


def test_nothing_tried_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(SHARES)
def test_resampling_never_reaches_beyond_the_runs(values: list[float]) -> None:
    for statistic in (np.mean, np.median):
        interval = bootstrap(values, statistic)
        assert interval is not None
        assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


@given(SHARES, some.randoms())
def test_the_order_of_runs_plays_no_part(values: list[float], source: random.Random) -> None:
    shuffled = list(values)
    source.shuffle(shuffled)
    assert bootstrap(values, np.mean) == bootstrap(shuffled, np.mean)


@given(SHARES, some.floats(0.1, 10.0), some.floats(-5.0, 5.0))
def test_units_play_no_part(values: list[float], scale: float, shift: float) -> None:
    plain = bootstrap(values, np.mean)
    moved = bootstrap([shift + scale * value for value in values], np.mean)
    assert plain is not None
    assert moved == pytest.approx([shift + scale * end for end in plain], abs=1e-9)


def test_one_run_has_no_interval() -> None:
    assert bootstrap([0.5], np.mean) is None
    assert bootstrap([], np.mean) is None


def test_the_mean_of_many_runs_has_about_the_interval_of_theory() -> None:
    values = [number / 399 for number in range(400)]
    interval = bootstrap(values, np.mean)
    assert interval is not None
    expected = 2 * 1.96 * (1 / 12 / 400) ** 0.5
    assert interval.high - interval.low == pytest.approx(expected, rel=0.1)
