from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.budget import Budget
from models.options import BudgetOptions
from models.state import decode_state, encode_state

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


def test_the_level_shares_the_budget_among_the_tests() -> None:
    options = BudgetOptions(false_alerts_per_day=3.0, false_alerts_per_million=10.0)
    assert busy(options).level == pytest.approx(3.0 / (40 * PER_DAY))


@pytest.mark.parametrize("times", [2.0, 5.0])
def test_the_level_scales_with_the_budget(times: float) -> None:
    def level(per_day: float, per_million: float) -> float:
        return busy(
            BudgetOptions(false_alerts_per_day=per_day, false_alerts_per_million=per_million)
        ).level

    assert level(3.0 * times, 1000.0) == pytest.approx(times * level(3.0, 1000.0))
    assert level(1000.0, 1.0 * times) == pytest.approx(times * level(1000.0, 1.0))


def test_the_level_falls_with_the_number_of_tests() -> None:
    options = BudgetOptions(false_alerts_per_million=100.0)
    levels = [busy(options, tests=tests).level for tests in (10, 40, 160)]
    assert levels[0] == pytest.approx(4 * levels[1]) == pytest.approx(16 * levels[2])


def test_little_traffic_has_a_small_budget() -> None:
    few = busy(BudgetOptions(), requests=10).level
    assert few == pytest.approx(10 * PER_DAY / 1e6 / (40 * PER_DAY))
    assert few < busy(BudgetOptions(), requests=1_000).level


def test_silent_epochs_count_like_passed_ones() -> None:
    one, other = Budget(BudgetOptions(), PER_DAY), Budget(BudgetOptions(), PER_DAY)
    for budget in (one, other):
        budget.pass_epoch(1, 1_000_000, 5_000)
    one.pass_epoch(100, 10, 3)
    for _ in range(99):
        other.pass_epoch(1, 0, 0)
    other.pass_epoch(1, 10, 3)
    assert one.tests_per_day == pytest.approx(other.tests_per_day)
    assert one.level == pytest.approx(other.level)


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


def test_only_what_passes_both_is_admitted() -> None:
    budget = busy(BudgetOptions(false_discovery_share=0.1))
    level = budget.level
    assert budget.admits(level * 0.99, 0.05)
    assert not budget.admits(level * 1.01, 0.05)
    assert not budget.admits(level * 0.99, 0.11)


def test_a_loaded_budget_goes_on_as_before() -> None:
    budget = busy(BudgetOptions(), days=2)
    budget.q_value(1e-5)
    loaded = Budget(BudgetOptions(), PER_DAY)
    loaded.load(decode_state(encode_state(budget.dump())))
    for one in (budget, loaded):
        one.pass_epoch(7, 1_234, 56)
    assert loaded.level == budget.level
    assert loaded.q_value(2e-5) == budget.q_value(2e-5)
