from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from bench.rows import HOUR, population_scores, rarity, tree_scores

RANKS = arrays(np.uint8, some.tuples(some.integers(1, 8), some.just(3)))


def _rows(count: int, seed: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.0, 1.0, (count, 3))


@given(RANKS)
def test_both_sides_are_as_rare(ranks: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
    assert np.allclose(rarity(ranks), rarity(255 - ranks))
    assert (rarity(ranks) >= 0.0).all()


def test_rows_far_out_on_either_side_are_rare_and_odd() -> None:
    rows = _rows(40 * HOUR)
    places = np.array([30, 33, 36]) * HOUR
    rows[places] = [[5.0, 5.0, 5.0], [-5.0, -5.0, -5.0], [5.0, -5.0, 5.0]]
    found = population_scores(rows, -8.0, 8.0)
    late = slice(20 * HOUR, None)
    assert (found.rarity[places] > np.quantile(found.rarity[late], 0.99)).all()
    assert (found.oddity[places] > np.quantile(found.oddity[late], 0.8)).all()


def test_nothing_is_scored_before_it_can_be() -> None:
    found = population_scores(_rows(HOUR), -8.0, 8.0)
    assert not found.rarity.any()
    assert not found.oddity.any()


def test_a_score_hangs_on_nothing_that_comes_later() -> None:
    rows = _rows(20 * HOUR)
    whole, half = (
        population_scores(rows, -8.0, 8.0),
        population_scores(rows[: 10 * HOUR], -8.0, 8.0),
    )
    assert np.array_equal(whole.rarity[: 10 * HOUR], half.rarity)
    assert np.array_equal(whole.oddity[: 10 * HOUR], half.oddity)


def test_a_small_burst_stays_rare_to_the_end() -> None:
    rows = _rows(40 * HOUR)
    burst = slice(30 * HOUR, 30 * HOUR + 200)
    rows[burst] = 5.0
    found = population_scores(rows, -8.0, 8.0).rarity
    assert found[burst].min() > np.quantile(found[31 * HOUR :], 0.9)


def test_rivers_trees_find_a_row_alone() -> None:
    rows = np.clip(_rows(3 * HOUR), -2.0, 2.0)
    rows[-1] = 6.0
    scores = tree_scores(rows)
    assert scores[-1] > np.quantile(scores[2 * HOUR :], 0.9)
