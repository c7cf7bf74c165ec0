from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.edges import FACTOR, score_edges

TICKS, EACH = 60, 20


def _scores(*ticks: list[tuple[int, int]], seed: int = 1) -> list[NDArray[np.float64]]:
    """Scores of the edges of each tick."""
    edges = np.array([edge for tick in ticks for edge in tick], np.uint64)
    sizes = [len(tick) for tick in ticks]
    numbers = np.repeat(np.arange(1, len(ticks) + 1), sizes)
    found = score_edges(edges[:, 0], edges[:, 1], numbers, seed)
    return np.split(found, np.cumsum(sizes)[:-1])


def _steady() -> list[list[tuple[int, int]]]:
    return [[(node, 100 + node) for node in range(EACH)] for _ in range(TICKS)]


def test_a_burst_between_two_nodes_scores_highest() -> None:
    ticks = _steady()
    ticks[-1] = [*ticks[-1], *[(3, 103)] * 50]
    scores = _scores(*ticks)
    assert scores[-1].argmax() == len(scores[-1]) - 1
    assert scores[-1][-1] > 100 * scores[-2].max()


def test_an_edge_never_seen_between_busy_nodes_rises_by_its_nodes() -> None:
    ticks = _steady()
    ticks[-1] = [*ticks[-1], *[(3, 104)] * 50]
    assert _scores(*ticks)[-1][-1] > 100.0


def test_the_first_tick_has_no_past_to_differ_from() -> None:
    assert _scores([(1, 2)] * 50)[0].tolist() == [0.0] * 50


def test_scores_are_the_statistic_of_the_paper() -> None:
    # One edge a tick: the past counts ticks before, faded ones included; this tick one and a half.
    third = _scores([(1, 2)], [(1, 2)], [(1, 2)])[2][0]
    now = 1.0 + FACTOR * (1.0 + FACTOR)
    past = 1.0 + (1.0 + FACTOR)
    assert third == (now + past - now * 3) ** 2 / (past * 2)


def test_a_score_hangs_on_nothing_that_comes_later() -> None:
    ticks = _steady()
    whole = np.concatenate(_scores(*ticks))
    half = np.concatenate(_scores(*ticks[: TICKS // 2]))
    assert whole[: len(half)].tolist() == half.tolist()


def test_a_burst_that_goes_on_teaches_the_past_nothing() -> None:
    ticks = [*_steady(), *([(3, 103)] * 100 for _ in range(20))]
    scores = _scores(*ticks)
    assert scores[-1][-1] > 0.2 * scores[TICKS][-1]
