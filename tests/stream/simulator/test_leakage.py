from __future__ import annotations

import numpy as np
import pytest

from stream.simulator import LeakError, check_leakage, named_scenario, simulate
from stream.simulator.generate import Simulation
from stream.simulator.leakage import (
    cross_fitted,
    ordinary_evidence,
    rank_auc,
    require_no_leak,
    two_sided_auc,
)
from stream.simulator.scenario import FAMILIES

SCALE = 0.2


@pytest.mark.parametrize("family", FAMILIES)
def test_no_single_field_gives_a_family_away(family: str) -> None:
    simulation = simulate(named_scenario(family).scaled(SCALE), 21, guard=True)
    leaks = check_leakage(simulation)
    assert {leak.level for leak in leaks} == {"field", "account"}
    assert [leak for leak in leaks if leak.too_high] == []


def test_a_planted_constant_trips_the_guard_by_name() -> None:
    simulation = Simulation(named_scenario("template").scaled(SCALE), 21)
    people = simulation.world.people.table
    people["temperature"][simulation.campaigns[0].accounts] = 0.123
    people["varies"][simulation.campaigns[0].accounts] = 0.0
    with pytest.raises(LeakError, match="temperature"):
        require_no_leak(check_leakage(simulation, ordinary_evidence(simulation)))


def test_a_planted_rhythm_trips_the_guard_at_account_level() -> None:
    simulation = Simulation(named_scenario("template").scaled(SCALE), 21)
    campaign = simulation.campaigns[0]
    campaign.rates = campaign.rates * 60
    with pytest.raises(LeakError, match="account"):
        require_no_leak(check_leakage(simulation, ordinary_evidence(simulation)))


def test_rank_auc_of_known_orders() -> None:
    positive = np.array([False, False, True, True])
    assert rank_auc(np.array([1.0, 2.0, 3.0, 4.0]), positive) == 1.0
    assert rank_auc(np.ones(4), positive) == 0.5
    assert two_sided_auc(np.array([4.0, 3.0, 2.0, 1.0]), positive) == 1.0


def test_values_of_one_account_alone_are_no_leak() -> None:
    accounts = np.arange(400)
    positive = accounts < 40
    assert rank_auc(cross_fitted(accounts, positive, accounts), positive) < 0.6


def test_a_category_common_to_a_campaign_is_a_leak() -> None:
    accounts = np.arange(400)
    positive = accounts < 40
    codes = np.where(positive, 7, accounts % 5)
    assert rank_auc(cross_fitted(codes, positive, accounts), positive) > 0.95
