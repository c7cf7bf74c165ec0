"""Campaigns: the eight base families."""

from __future__ import annotations

from stream.simulator.campaigns.agentic import Agentic
from stream.simulator.campaigns.balanced import Balanced
from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.drip import Drip
from stream.simulator.campaigns.fragment import Fragment
from stream.simulator.campaigns.hydra import Hydra
from stream.simulator.campaigns.probe import Probe
from stream.simulator.campaigns.relay import Relay
from stream.simulator.campaigns.template import Template
from stream.simulator.world import World

__all__ = ["Campaign", "scenario_campaigns"]

_FAMILIES: tuple[type[Campaign], ...] = (
    Fragment, Template, Balanced, Agentic, Relay, Hydra, Probe, Drip,
)  # fmt: skip
_BY_NAME = {family.family: family for family in _FAMILIES}


def scenario_campaigns(world: World, draws: dict[int, int]) -> list[Campaign]:
    """The campaigns that the scenario asks for, numbered in its order.

    `draws` picks another draw of a campaign's nuisance parameters, by its number; 0 is the first.
    """
    return [
        _BY_NAME[plan.family](world, plan, number, draws.get(number, 0))
        for number, plan in enumerate(world.scenario.campaigns)
    ]
