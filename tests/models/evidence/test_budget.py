from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.budget import Budget
from models.options import BudgetOptions
from models.wire.state import decode_state, encode_state

PER_DAY = 288.0

p_values = st.floats(0, 1)


def busy(options: BudgetOptions, days: int = 10, requests: int = 50_000, tests: int = 40) -> Budget:
    """A budget after days of even traffic."""
    budget = Budget(options, PER_DAY)
    for _ in range(round(days * PER_DAY)):
        budget.pass_epoch(1, requests, tests)
    return budget


def test_tests_a_day_are_those_of_even_traffic() -> None:
    assert busy(BudgetOptions()).tests_per_day == pytest.approx(40 * PER_DAY)
    assert busy(BudgetOptions(), tests=0).tests_per_day == 200.0


REQUESTS_PER_DAY = 50_000 * PER_DAY


def most_admitted(budget: Budget) -> float:
    """The most findings a million requests at which a tie is still admitted, to within 1 %."""
    return max(
        (rate for rate in np.geomspace(1e-6, 1e6, 2_800).tolist() if budget.admits(rate, 0.0)),
        default=0.0,
    )


def test_requests_a_day_are_those_of_even_traffic() -> None:
    assert busy(BudgetOptions()).requests_per_day == pytest.approx(REQUESTS_PER_DAY)
    assert Budget(BudgetOptions(), PER_DAY).requests_per_day == 0.0


def test_busy_traffic_is_held_to_the_budget_of_a_day() -> None:
    options = BudgetOptions(false_alerts_per_day=3.0, false_alerts_per_million=10.0)
    expected = 3.0 / (REQUESTS_PER_DAY / 1e6)
    assert most_admitted(busy(options)) == pytest.approx(expected, rel=0.01)


def test_little_traffic_is_held_to_the_budget_of_a_million_requests() -> None:
    options = BudgetOptions(false_alerts_per_day=3.0, false_alerts_per_million=10.0)
    assert most_admitted(busy(options, requests=10)) == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize("times", [2.0, 5.0])
def test_what_is_admitted_scales_with_the_budget(times: float) -> None:
    def most(per_day: float, per_million: float) -> float:
        options = BudgetOptions(false_alerts_per_day=per_day, false_alerts_per_million=per_million)
        return most_admitted(busy(options))

    assert most(3.0 * times, 1000.0) == pytest.approx(times * most(3.0, 1000.0), rel=0.02)
    assert most(1000.0, 1.0 * times) == pytest.approx(times * most(1000.0, 1.0), rel=0.02)


@given(st.floats(0, 100), st.floats(0, 100), p_values, p_values)
def test_a_rarer_tie_is_admitted_wherever_a_less_rare_one_is(
    rate: float, more: float, q_value: float, worse: float
) -> None:
    budget = busy(BudgetOptions(), days=1)
    if budget.admits(rate + more, max(q_value, worse)):
        assert budget.admits(rate, q_value)


def test_what_ordinary_traffic_brings_about_without_end_is_never_admitted() -> None:
    for budget in (busy(BudgetOptions()), Budget(BudgetOptions(), PER_DAY)):
        assert not budget.admits(float("inf"), 0.0)
        assert budget.admits(1e-6, 0.0)


def test_silent_epochs_count_like_passed_ones() -> None:
    one, other = Budget(BudgetOptions(), PER_DAY), Budget(BudgetOptions(), PER_DAY)
    for budget in (one, other):
        budget.pass_epoch(1, 1_000_000, 5_000)
    one.pass_epoch(100, 10, 3)
    for _ in range(99):
        other.pass_epoch(1, 0, 0)
    other.pass_epoch(1, 10, 3)
    assert one.tests_per_day == pytest.approx(other.tests_per_day)
    assert one.requests_per_day == pytest.approx(other.requests_per_day)


@given(st.lists(p_values, max_size=30))
def test_a_q_value_is_a_probability_and_no_less_than_honest(asked: list[float]) -> None:
    budget = busy(BudgetOptions(), days=1)
    for p_value in asked:
        q_value = budget.q_value(p_value)
        assert 0.0 <= q_value <= 1.0
        # With n tests found so far it is at least the share of n that chance explains.
        assert q_value >= min(1.0, p_value * budget.tests_per_day / (len(asked) + 1)) - 1e-12


def test_company_makes_a_discovery_more_credible() -> None:
    budget = busy(BudgetOptions(), days=1)
    first = budget.q_value(1e-6)
    for _ in range(20):
        budget.q_value(1e-7)
    assert budget.q_value(1e-6) < first / 10


def test_old_discoveries_fade() -> None:
    budget = busy(BudgetOptions(), days=3)
    for _ in range(50):
        budget.q_value(1e-7)
    soon = budget.q_value(1e-6)
    for _ in range(round(10 * PER_DAY)):
        budget.pass_epoch(1, 50_000, 40)
    assert budget.q_value(1e-6) > 10 * soon


def test_only_what_is_rare_enough_in_every_respect_is_admitted() -> None:
    options = BudgetOptions(
        false_alerts_per_day=3.0, false_alerts_per_million=0.5, false_discovery_share=0.1
    )
    budget = busy(options, requests=1_000)
    assert budget.admits(0.49, 0.09)
    assert not budget.admits(0.51, 0.09)
    assert not budget.admits(0.49, 0.11)
    assert not busy(options).admits(0.49, 0.09)


@given(st.lists(p_values, max_size=20), p_values, p_values)
def test_looking_again_without_a_new_test_changes_nothing(
    before: list[float], again: float, later: float
) -> None:
    looked, other = busy(BudgetOptions(), days=1), busy(BudgetOptions(), days=1)
    for p_value in before:
        assert looked.q_value(p_value) == other.q_value(p_value)
    looks = {looked.q_value(again, counted=False) for _ in range(5)}
    assert len(looks) == 1
    assert looked.q_value(later) == other.q_value(later)


def test_a_loaded_budget_goes_on_as_before() -> None:
    budget = busy(BudgetOptions(), days=2)
    budget.q_value(1e-5)
    loaded = Budget(BudgetOptions(), PER_DAY)
    loaded.load(decode_state(encode_state(budget.dump())))
    for one in (budget, loaded):
        one.pass_epoch(7, 1_234, 56)
    assert loaded.requests_per_day == budget.requests_per_day
    assert loaded.tests_per_day == budget.tests_per_day
    assert loaded.q_value(2e-5) == budget.q_value(2e-5)


def test_the_first_epoch_is_taken_for_all_others() -> None:
    budget = Budget(BudgetOptions(), PER_DAY)
    budget.pass_epoch(1, 700, 3)
    assert budget.requests_per_day == pytest.approx(700 * PER_DAY, rel=1e-12)
    assert budget.tests_per_day == pytest.approx(3 * PER_DAY, rel=1e-12)


def test_a_lone_discovery_is_weighed_against_all_tests_of_a_day() -> None:
    budget = Budget(BudgetOptions(), PER_DAY)
    assert budget.q_value(1e-4, counted=False) == pytest.approx(0.02, rel=1e-12)
    assert budget.q_value(1e-4) == pytest.approx(0.02, rel=1e-12)
    assert budget.q_value(1e-4) == pytest.approx(0.01, rel=1e-12)
    assert budget.q_value(1e-2) == pytest.approx(1e-2 * 200 / 3, rel=1e-12)


def test_how_often_a_test_is_passed_says_its_p_value() -> None:
    budget = Budget(BudgetOptions(), PER_DAY)
    budget.pass_epoch(1, 10_000, 4)
    assert budget.p_value(2.0) == pytest.approx(2.0 * 10_000 / 1e6 / 4, rel=1e-9)
    assert budget.p_value(1e9) == 1.0


def test_what_just_fits_the_budget_is_admitted() -> None:
    options = BudgetOptions(
        false_alerts_per_day=4.0, false_alerts_per_million=2.0, false_discovery_share=0.125
    )
    budget = Budget(options, per_day=1.0)
    budget.pass_epoch(1, 2_000_000, 1)
    assert budget.admits(2.0, 0.125)
    assert not budget.admits(2.0 + 1e-9, 0.125)
    assert not budget.admits(2.0, 0.125 + 1e-9)
    budget.pass_epoch(1, 2_000_002, 1)
    assert not budget.admits(2.0, 0.125)


DAYS_14 = round(14 * PER_DAY)


def test_dismissals_are_half_forgotten_after_a_fortnight() -> None:
    budget = Budget(BudgetOptions(), PER_DAY)
    for _ in range(9):
        budget.charge()
    assert budget.overrun == 10.0
    budget.pass_epoch(DAYS_14, 0, 0)
    assert budget.overrun == pytest.approx(5.5, rel=1e-9)
    budget.forgive()
    assert budget.overrun == pytest.approx(4.5, rel=1e-9)
    for _ in range(9):
        budget.forgive()
    assert budget.overrun == 1.0


def test_what_was_allowed_meanwhile_speaks_for_the_calibration_as_long() -> None:
    options = BudgetOptions(false_alerts_per_day=3.0, false_alerts_per_million=0.5)
    budget = Budget(options, PER_DAY)
    # A day allows three, however many requests it has; two million requests allow one.
    budget.pass_epoch(round(PER_DAY), 10**9, 0)
    budget.pass_epoch(DAYS_14, 0, 0)
    for _ in range(9):
        budget.charge()
    assert budget.overrun == pytest.approx(10 / 2.5, rel=1e-9)
    quiet = Budget(options, PER_DAY)
    quiet.pass_epoch(round(PER_DAY), 2_000_000, 0)
    for _ in range(3):
        quiet.charge()
    assert quiet.overrun == pytest.approx(2.0, rel=1e-9)


def test_an_overrun_asks_for_rarer_ties() -> None:
    options = BudgetOptions(false_alerts_per_day=1e4, false_alerts_per_million=8.0)
    budget = Budget(options, PER_DAY)
    budget.pass_epoch(1, 0, 0)
    for _ in range(3):
        budget.charge()
    assert budget.admits(2.0, 0.0)
    assert not budget.admits(2.0 + 1e-9, 0.0)
    loaded = Budget(options, PER_DAY)
    loaded.load(decode_state(encode_state(budget.dump())))
    assert loaded.overrun == 4.0
