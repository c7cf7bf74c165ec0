from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.calibration import STEP, Bulk, Curve, Reference, score_bin
from models.wire.state import decode_state, encode_state
from tests.models.own_ties import (
    DELAY,
    PER_DAY,
    Scores,
    bulk_at,
    calibrated,
    keys_of,
    p_values,
    rates,
    untaught,
)
from tests.models.references import REFERENCE

LEVELS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]
EXPONENTIAL = Reference(Curve(LEVELS, (-np.log(LEVELS)).tolist(), 1.0), REFERENCE.epochs)
"""The null of exponential scores of scale 1."""


knots = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        st.lists(st.floats(1e-6, 1e3), min_size=count, max_size=count, unique=True),
        st.lists(st.integers(-40, 40), min_size=count, max_size=count, unique=True),
    )
)
nulls = st.tuples(st.integers(0, 10_000), st.floats(0.01, 30), st.integers(-30, 30)).map(
    lambda drawn: (
        np.random.default_rng(drawn[0]).standard_t(2, 400 + drawn[0] % 300) * drawn[1] + drawn[2]
    )
)


@given(knots, st.floats(0.1, 9), st.floats(-60, 60), st.floats(0, 30))
def test_a_curve_goes_through_its_knots_and_falls(
    drawn: tuple[list[float], list[int]], scale: float, score: float, more: float
) -> None:
    values, scores = sorted(drawn[0], reverse=True), sorted(map(float, drawn[1]))
    curve = Curve(values, scores, scale)
    assert [curve.at(one) for one in scores] == pytest.approx(values)
    assert curve.at(score + more) <= curve.at(score)
    assert curve.at(scores[0] - 1e-9) == float("inf")
    assert curve.at(scores[-1] + scale) == pytest.approx(values[-1] / np.e)


@given(st.floats(-8, -1e-3))
def test_a_curve_says_where_it_has_a_value(exponent: float) -> None:
    for curve in (REFERENCE.tests, REFERENCE.epochs):
        value = curve.at(curve.score_at(10.0**exponent))
        assert value == pytest.approx(10.0**exponent) or value == curve.at(curve.score_at(1e9))


@pytest.mark.parametrize(
    ("values", "scores", "scale"),
    [
        ([], [], 1.0),
        ([0.5], [1.0, 2.0], 1.0),
        ([0.5, 0.5], [1.0, 2.0], 1.0),
        ([0.1, 0.5], [1.0, 2.0], 1.0),
        ([0.5, 0.1], [2.0, 1.0], 1.0),
        ([0.5, 0.1], [1.0, 1.0], 1.0),
        ([0.5, 0.1, 0.05], [1.0, 3.0, 2.0], 1.0),
        ([0.5, 0.1, 0.2], [1.0, 2.0, 3.0], 1.0),
        ([0.5, 0.0], [1.0, 2.0], 1.0),
        ([0.5, 0.1], [1.0, 2.0], 0.0),
    ],
)
def test_knots_that_make_no_falling_curve_are_refused(
    values: list[float], scores: list[float], scale: float
) -> None:
    with pytest.raises(ValueError, match="knots of falling values"):
        Curve(values, scores, scale)


@given(st.lists(st.integers(-59, 59), min_size=1, max_size=200))
def test_the_bulk_is_what_half_and_a_tenth_reach(scores: list[int]) -> None:
    reached = np.array(scores, np.float64)
    bulk = Bulk.of(np.bincount(score_bin(reached), minlength=480).astype(np.float64))
    assert (reached >= bulk.middle).mean() <= 0.5 < (reached >= bulk.middle - STEP).mean()
    assert (reached >= bulk.upper).mean() <= 0.1
    assert bulk.upper >= bulk.middle + STEP


@given(nulls, st.floats(-100, 100), st.floats(0, 20))
def test_a_higher_score_is_never_more_ordinary(scores: Scores, score: float, more: float) -> None:
    calibration = calibrated(scores)
    low, high = calibration.p_value(score), calibration.p_value(score + more)
    assert 0.0 <= high <= low <= 1.0
    rate = calibration.findings_per_million(score)
    assert 0.0 <= calibration.findings_per_million(score + more) <= rate


@given(nulls)
def test_own_ties_never_make_a_score_rarer_than_the_reference_has_it(scores: Scores) -> None:
    own, reference = calibrated(scores), untaught()
    assert all(one >= other for one, other in zip(p_values(own), p_values(reference), strict=True))
    assert all(one >= other for one, other in zip(rates(own), rates(reference), strict=True))


@pytest.mark.parametrize("score", [float("nan"), float("-inf"), float("inf"), -4.01])
def test_what_is_not_scored_or_below_all_knots_is_ordinary(score: float) -> None:
    for calibration in (untaught(), calibrated(bulk_at(-3.0, 2.0))):
        assert calibration.p_value(score) == 1.0
        assert calibration.findings_per_million(score) == float("inf")


def test_findings_are_unknown_below_the_epochs_that_were_counted() -> None:
    assert untaught().findings_per_million(0.9) == float("inf")
    assert untaught().p_value(0.9) < 0.02
    assert untaught().findings_per_million(1.0) == pytest.approx(100.0)


@pytest.mark.parametrize("higher", [0.25, 1.0, 6.0])
def test_own_ties_that_score_higher_draw_scores_back_as_much(higher: float) -> None:
    calibration = calibrated(bulk_at(-4.0 + higher, 2.0))
    for score in np.arange(-3.0, 20.0).tolist():
        assert calibration.p_value(score + higher) == pytest.approx(REFERENCE.tests.at(score))
        expected = REFERENCE.epochs.at(score)
        assert calibration.findings_per_million(score + higher) == pytest.approx(expected)


@pytest.mark.parametrize("wider", [1.5, 2.0, 5.0])
def test_own_ties_that_spread_wider_draw_scores_back_in_proportion(wider: float) -> None:
    calibration = calibrated(bulk_at(-4.0, 2.0 * wider))
    for beyond in (1.0, 5.0, 12.0):
        expected = REFERENCE.tests.at(-4.0 + beyond)
        assert calibration.p_value(-4.0 + beyond * wider) == pytest.approx(expected)


@pytest.mark.parametrize(("middle", "width"), [(-9.0, 2.0), (-4.0, 0.5), (-9.0, 0.25)])
def test_own_ties_that_score_lower_or_closer_together_change_nothing(
    middle: float, width: float
) -> None:
    calibration = calibrated(bulk_at(middle, width))
    assert p_values(calibration) == p_values(untaught())
    assert rates(calibration) == rates(untaught())


@pytest.mark.parametrize(("shift", "factor"), [(0.0, 1.0), (5.0, 1.0), (0.0, 2.5), (-3.0, 4.0)])
@pytest.mark.parametrize("known", [500, 5_000])
def test_p_values_of_ordinary_ties_are_valid_in_deployments_unlike_the_reference(
    shift: float, factor: float, known: int
) -> None:
    random = np.random.default_rng(known)

    def draw(count: int) -> Scores:
        return shift + factor * random.exponential(1.0, count)

    calibration = calibrated(draw(known), reference=EXPONENTIAL)
    fresh = np.array([calibration.p_value(score) for score in draw(40_000).tolist()])
    # The own width is known to within about three standard errors, and a bin.
    error = 1.0 + 6.0 / np.sqrt(known) + STEP
    for level in (0.1, 0.05, 0.02, 0.01, 0.005):
        share = float((fresh <= level).mean())
        assert share <= level ** (1.0 / error) + 3.0 * np.sqrt(level / len(fresh)), level
    assert float((fresh <= 0.05).mean()) > 0.01


def test_p_values_beyond_all_data_go_on_falling() -> None:
    scores = np.random.default_rng(1).normal(0, 2, 2_000)
    calibration = calibrated(scores)
    beyond = [calibration.p_value(scores.max() + step) for step in (1.0, 3.0, 9.0, 27.0)]
    assert all(high > low for high, low in pairwise(beyond))
    assert beyond[-1] > 0.0


def test_how_high_the_top_of_the_own_ties_scores_has_no_say() -> None:
    honest = np.random.default_rng(5).exponential(1.0, 1_900)
    told = [
        p_values(calibrated(np.append(honest, np.full(100, campaign)), reference=EXPONENTIAL))
        for campaign in (10.0, 30.0, 60.0)
    ]
    assert told[0] == told[1] == told[2]


def test_a_twentieth_of_unclaimed_campaigns_costs_a_third_of_a_scores_height_at_most() -> None:
    honest = np.random.default_rng(6).exponential(1.0, 1_900)
    clean = calibrated(honest, reference=EXPONENTIAL)
    deceived = calibrated(np.append(honest, np.full(100, 30.0)), reference=EXPONENTIAL)
    middle = EXPONENTIAL.bulk.middle
    for score in (5.0, 10.0, 30.0):
        before = clean.score_at(clean.p_value(score)) - middle
        after = deceived.score_at(deceived.p_value(score)) - middle
        assert 2 / 3 * before <= after <= before
    assert deceived.p_value(30.0) < 1e-8


def test_claimed_ties_never_enter_the_null() -> None:
    random = np.random.default_rng(3)
    honest, campaign = random.normal(-3, 1, 1_000), random.normal(20, 1, 1_000)
    keys = keys_of(2_000)
    scores = np.concatenate([honest, campaign])
    taught = calibrated(scores, frozenset(keys[1_000:].tolist()))
    assert p_values(taught) == p_values(calibrated(honest))
    assert calibrated(scores).p_value(20.0) > 100 * taught.p_value(20.0)


def test_tests_wait_before_they_teach() -> None:
    calibration = untaught()
    calibration.note(5, keys_of(1_000), np.zeros(1_000))
    calibration.mature(4 + DELAY, frozenset())
    assert p_values(calibration) == p_values(untaught())
    calibration.mature(5 + DELAY, frozenset())
    assert p_values(calibration) == p_values(calibrated(np.zeros(1_000)))
    assert p_values(calibration) != p_values(untaught())


def test_a_tie_claimed_while_it_waits_does_not_teach() -> None:
    calibration = untaught()
    calibration.note(5, keys_of(1_000), np.zeros(1_000))
    calibration.mature(4 + DELAY, frozenset())
    calibration.mature(5 + DELAY, frozenset(keys_of(1_000).tolist()))
    assert p_values(calibration) == p_values(untaught())


def test_few_tests_teach_nothing() -> None:
    assert p_values(calibrated(np.zeros(399))) == p_values(untaught())
    assert p_values(calibrated(np.zeros(400))) != p_values(untaught())


def test_what_lies_months_back_gives_way() -> None:
    random = np.random.default_rng(7)
    old, new = random.normal(20, 3, 1_000), random.normal(-2, 2, 1_000)
    calibration = calibrated(old)
    before = calibration.p_value(20.0)
    later = round(90 * PER_DAY)
    calibration.note(later, keys_of(len(new)), new)
    calibration.mature(later + DELAY, frozenset())
    assert before > 0.4
    assert calibration.p_value(20.0) < 10 * calibrated(new).p_value(20.0) < 1e-5


def test_each_fortnight_halves_what_lies_before_it() -> None:
    calibration = untaught()
    for fortnight in range(1, 4):
        epoch = round(14 * fortnight * PER_DAY)
        calibration.note(epoch, keys_of(8), np.zeros(8))
        calibration.mature(epoch + DELAY, frozenset())
    assert calibration.dump()["tests"].sum() == pytest.approx(8 + 4 + 2)


def test_a_score_can_be_asked_for_by_its_p_value() -> None:
    assert untaught().p_value(untaught().score_at(1e-5)) == pytest.approx(1e-5)
    assert untaught().p_value(untaught().score_at(0.05)) == pytest.approx(0.05)


def test_a_loaded_calibration_judges_and_learns_as_before() -> None:
    random = np.random.default_rng(4)
    calibration = calibrated(random.normal(0, 2, 1_000))
    calibration.note(12, keys_of(500), random.normal(3, 1, 500))
    loaded = untaught()
    loaded.load(decode_state(encode_state({"it": calibration.dump()}))["it"])
    before = p_values(calibration)
    for epoch in (12, 12 + DELAY):
        for one in (calibration, loaded):
            one.mature(epoch, frozenset([17]))
        assert p_values(loaded) == p_values(calibration)
        assert rates(loaded) == rates(calibration)
    assert p_values(loaded) != before


@given(st.lists(st.floats(-1e9, 1e9), max_size=30))
def test_every_score_has_a_bin_and_order_stays(scores: list[float]) -> None:
    bins = score_bin(np.array(sorted(scores)))
    assert bins.tolist() == sorted(bins.tolist())
    assert all(0 <= place < 480 for place in bins.tolist())
