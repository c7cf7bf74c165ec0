"""What was disclosed on 23 February 2026, as campaigns of the simulator.

Published are 24,000 accounts, of which "hundreds" are the second laboratory's, and the exchanges of
each laboratory. Not published is how long it took, here ten days of a fortnight, and how the other
accounts are shared out: here the first laboratory has the mean of 690 exchanges an account, the
third all that are left. Families and evasions are our reading of what is told of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple
from unittest.mock import patch

from stream.simulator import CampaignPlan, Scenario
from stream.simulator.campaigns.agentic import Agentic
from stream.simulator.campaigns.balanced import Balanced
from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template

DAYS, HARVEST_DAYS, RELEASE_DAY = 14.0, 10.0, 7.0
MOST_ACCOUNTS = 60_000
"""Ordinary accounts for whom the simulator has networks enough."""


class Disclosed(NamedTuple):
    """A campaign as published.

    Attributes:
        family: The family that does what is told of it.
        exchanges: Requests of its accounts, a proxy's other customers included.
        accounts: How many.
        evasions: What it does to hide, at half intensity.
        told: What is told of it.
    """

    family: type[Campaign]
    exchanges: int
    accounts: int
    evasions: tuple[str, ...]
    told: str


FEBRUARY = (
    Disclosed(Balanced, 150_000, 220, (), "reasoning and grading, shared payments, load dealt"),
    Disclosed(Template, 3_400_000, 900, ("split",), "one capability, varied access pathways"),
    Disclosed(
        Agentic, 13_000_000, 22_880, ("cover",), "tools, a turn to a new model, a proxy that mixes"
    ),
)
EXCHANGES = sum(each.exchanges for each in FEBRUARY)


@contextmanager
def as_published() -> Iterator[None]:
    """While it lasts, the families have the sizes of February."""
    with ExitStack() as patches:
        for family, exchanges, accounts, _, told in FEBRUARY:
            rate = exchanges / accounts / HARVEST_DAYS
            size = Published(accounts, rate, HARVEST_DAYS, f"23 February 2026: {told}")
            patches.enter_context(patch.object(family, "published", size))
        yield


def picture(ordinary: float, budgets: Sequence[float]) -> Scenario:
    """A fortnight of so many ordinary requests, in which each campaign may send so many.

    A campaign that may send as many as published has as many accounts as published; below that,
    accounts give way first, then their rates.
    """
    plain = Scenario("february", days=DAYS, release_day=RELEASE_DAY)
    scaled = plain.scaled(ordinary / plain.requests)
    # The simulator counts a campaign's budget in shares of the contamination, less a tenth.
    unit = 0.9 * scaled.contamination * scaled.requests
    plans = tuple(
        # The tenth of a percent keeps rounding from costing an account.
        CampaignPlan(family.family, dict.fromkeys(evasions, 0.5), share=1.001 * budget / unit)
        for (family, _, _, evasions, _), budget in zip(FEBRUARY, budgets, strict=True)
    )
    return replace(scaled, accounts=min(scaled.accounts, MOST_ACCOUNTS), campaigns=plans)
