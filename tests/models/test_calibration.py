from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.calibration import Calibration, ReferenceTail, Tail, score_bin
from models.kinds import TieKind
from models.state import decode_state, encode_state

Scores = NDArray[np.float64]

DELAY = 10
UNHEARD = ReferenceTail(1e-300, -1e6, 1.0)
"""A reference that finds everything unlikely, so that the deployment's own null decides alone."""


def keys_of(count: int) -> NDArray[np.uint64]:
    return np.arange(1, count + 1, dtype=np.uint64) << np.uint64(4) | np.uint64(TieKind.FRAGMENT)


def calibrated(
    scores: Scores, claimed: frozenset[int] = frozenset(), reference: ReferenceTail = UNHEARD
) -> Calibration:
    calibration = Calibration(reference, DELAY, per_day=288.0)
    calibration.note(1, keys_of(len(scores)), scores)
    calibration.mature(1 + DELAY, claimed)
    return calibration


@given(st.integers(0, 10_000), st.floats(0.01, 30), st.floats(-100, 100), st.floats(0, 20))
def test_a_higher_score_is_never_more_ordinary(
    seed: int, spread: float, score: float, more: float
) -> None:
    random = np.random.default_rng(seed)
    scores = random.standard_t(2, 400 + seed % 300) * spread
    calibration = calibrated(scores)
    low, high = calibration.p_value(score), calibration.p_value(score + more)
    assert 0.0 <= high <= low <= 1.0


@given(st.floats(0.001, 1), st.floats(-20, 20), st.floats(0.1, 5), st.floats(-50, 50))
def test_the_reference_gives_probabilities_that_fall(
    share: float, start: float, scale: float, score: float
) -> None:
    tail = ReferenceTail(share, start, scale)
    assert 0.0 <= tail.p_value(score + 0.5) <= tail.p_value(score) <= 1.0
    assert tail.p_value(start) == 1.0
    assert tail.p_value(tail.score_at(share / 1000)) == pytest.approx(share / 1000)


@pytest.mark.parametrize(
    "draw",
    [
        lambda random, count: random.normal(-2, 3, count),
        lambda random, count: random.exponential(2, count) - 4,
        lambda random, count: random.logistic(0, 1.5, count),
        lambda random, count: np.rint(random.normal(0, 4, count)),
    ],
    ids=["normal", "exponential", "logistic", "steps"],
)
@pytest.mark.parametrize("known", [500, 5_000])
def test_p_values_of_ordinary_ties_are_valid(
    draw: Callable[[np.random.Generator, int], Scores], known: int
) -> None:
    random = np.random.default_rng(known)
    calibration = calibrated(draw(random, known))
    fresh = draw(random, 40_000)
    p_values = np.array([calibration.p_value(score) for score in fresh.tolist()])
    for level in (0.05, 0.02, 0.01, 0.005, 0.001):
        share = float((p_values <= level).mean())
        noise = 3.0 * np.sqrt(level / len(fresh)) + 2.0 * np.sqrt(level / known)
        assert share <= 1.2 * level + noise, level
    assert float((p_values <= 0.05).mean()) > 0.02


def test_p_values_beyond_all_data_go_on_falling() -> None:
    scores = np.random.default_rng(1).normal(0, 2, 2_000)
    calibration = calibrated(scores)
    beyond = [calibration.p_value(scores.max() + step) for step in (1.0, 3.0, 9.0, 27.0)]
    assert beyond == sorted(beyond, reverse=True)
    assert len(set(beyond)) == 4
    assert beyond[-1] > 0.0


def test_the_more_cautious_null_counts() -> None:
    scores = np.random.default_rng(2).normal(0, 2, 2_000)
    reference = ReferenceTail(0.05, 0.0, 1.0)
    own = calibrated(scores)
    both = calibrated(scores, reference=reference)
    for score in np.linspace(-5, 20, 60).tolist():
        expected = max(own.p_value(score), reference.p_value(score))
        assert both.p_value(score) == expected


def test_claimed_ties_never_enter_the_null() -> None:
    random = np.random.default_rng(3)
    honest, campaign = random.normal(-5, 1, 1_000), random.normal(20, 1, 1_000)
    keys = keys_of(2_000)
    taught = Calibration(UNHEARD, DELAY, 288.0)
    taught.note(1, keys, np.concatenate([honest, campaign]))
    taught.mature(1 + DELAY, frozenset(keys[1_000:].tolist()))
    alone = calibrated(honest)
    asked = np.linspace(-10, 30, 40).tolist()
    assert [taught.p_value(score) for score in asked] == [alone.p_value(score) for score in asked]
    deceived = calibrated(np.concatenate([honest, campaign]))
    assert deceived.p_value(20.0) > 100 * taught.p_value(20.0)


def test_a_few_ties_of_a_campaign_that_nobody_claimed_have_little_say() -> None:
    honest = np.random.default_rng(5).normal(-5, 1, 2_000)
    taught = calibrated(np.concatenate([honest, np.full(8, 20.0)]))
    assert taught.p_value(15.0) < 1e-6
    assert taught.p_value(15.0) == pytest.approx(calibrated(honest).p_value(15.0), rel=1e3)


def test_tests_wait_before_they_teach() -> None:
    calibration = Calibration(UNHEARD, DELAY, 288.0)
    calibration.note(5, keys_of(1_000), np.zeros(1_000))
    calibration.mature(4 + DELAY, frozenset())
    assert calibration.p_value(0.0) < 1e-100
    calibration.mature(5 + DELAY, frozenset())
    assert calibration.p_value(0.0) > 0.9


def test_few_tests_teach_nothing() -> None:
    assert calibrated(np.zeros(399)).p_value(0.0) < 1e-100
    assert calibrated(np.zeros(400)).p_value(0.0) > 0.9


@pytest.mark.parametrize("score", [float("nan"), float("-inf")])
def test_what_is_not_scored_is_ordinary(score: float) -> None:
    assert calibrated(np.zeros(500)).p_value(score) == 1.0


def test_a_score_can_be_asked_for_by_its_p_value() -> None:
    calibration = Calibration(ReferenceTail(0.05, 1.0, 2.0), DELAY, 288.0)
    assert calibration.p_value(calibration.score_at(1e-4)) == pytest.approx(1e-4)


def test_a_loaded_calibration_judges_and_learns_as_before() -> None:
    random = np.random.default_rng(4)
    calibration = calibrated(random.normal(0, 2, 1_000))
    calibration.note(12, keys_of(500), random.normal(3, 1, 500))
    loaded = Calibration(UNHEARD, DELAY, 288.0)
    loaded.load(decode_state(encode_state({"it": calibration.dump()}))["it"])
    asked = np.linspace(-10, 30, 40).tolist()
    for epoch in (12, 12 + DELAY):
        for one in (calibration, loaded):
            one.mature(epoch, frozenset([17]))
        assert [loaded.p_value(score) for score in asked] == [
            calibration.p_value(score) for score in asked
        ]


@given(st.lists(st.floats(-1e9, 1e9), max_size=30))
def test_every_score_has_a_bin_and_order_stays(scores: list[float]) -> None:
    bins = score_bin(np.array(sorted(scores)))
    assert bins.tolist() == sorted(bins.tolist())
    assert all(0 <= place < 480 for place in bins.tolist())


def test_an_empty_tail_finds_nothing_likely_or_breaks() -> None:
    tail = Tail(np.zeros(480))
    assert 0.0 <= tail.p_value(0.0) <= 1.0
