"""How large a campaign is: published sizes, scaled down until the run's contamination holds."""

from __future__ import annotations

from dataclasses import dataclass

from stream.simulator.scenario import RATES, Scenario

FLOOR = 24


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of a disclosed campaign: accounts, requests an account and day, days; and where."""

    accounts: int
    rate: float
    days: float
    source: str
    floor: int = FLOOR
    shortest: float = 2.0


@dataclass(frozen=True, slots=True)
class Size:
    """What a run uses: accounts, requests an account and day, days, and the factor on the rate."""

    accounts: int
    rate: float
    days: float
    rate_factor: float


def budget_of(scenario: Scenario, share: float) -> float:
    """Requests that a campaign may send; weekends make ordinary traffic less than its setting."""
    return 0.9 * scenario.contamination * scenario.requests * share


def fit(published: Published, rate_factor: float, scenario: Scenario, share: float) -> Size:
    """The published size brought under the budget of requests.

    Accounts give way first, down to the floor; then the rate, down to a tenth; then the duration.
    What still does not fit lowers the rate further, and the truth says so.
    """
    budget = budget_of(scenario, share)
    days = min(published.days, scenario.days * (1.0 - scenario.warm_up))
    if days > published.shortest:
        days = max(published.shortest, min(days, 10.0 if published.floor == FLOOR else days))
    factors = [factor for factor in RATES if factor <= rate_factor * 1.001] or [rate_factor]
    for factor in factors:
        rate = published.rate * factor
        accounts = min(published.accounts, int(budget / (rate * days)))
        if accounts >= published.floor:
            return Size(accounts, rate, days, factor)
    rate = published.rate * factors[-1]
    days = max(min(published.shortest, days), min(days, budget / (rate * published.floor)))
    rate = min(rate, budget / (published.floor * days))
    return Size(published.floor, rate, days, rate / published.rate)
