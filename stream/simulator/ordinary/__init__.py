"""Ordinary traffic: every kind with its share of the accounts and of the requests."""

from __future__ import annotations

import numpy as np

from stream.simulator.ordinary.base import Crowd
from stream.simulator.ordinary.bots import Bots
from stream.simulator.ordinary.evaluation import Evaluation
from stream.simulator.ordinary.gateways import Gateways
from stream.simulator.ordinary.groups import Classrooms, Companies
from stream.simulator.ordinary.harness import Harness
from stream.simulator.ordinary.jobs import Backfills, Synthesis
from stream.simulator.ordinary.monitors import Monitors
from stream.simulator.ordinary.people import People
from stream.simulator.ordinary.scripts import Scripts
from stream.simulator.ordinary.services import Services
from stream.simulator.world import World

# (kind, share of accounts, share of requests)
MIX: tuple[tuple[type[Crowd], float, float], ...] = (
    (People, 0.40, 0.15),
    (Harness, 0.17, 0.19),
    (Services, 0.05, 0.16),
    (Scripts, 0.13, 0.15),
    (Evaluation, 0.03, 0.06),
    (Bots, 0.04, 0.05),
    (Backfills, 0.02, 0.06),
    (Synthesis, 0.03, 0.05),
    (Classrooms, 0.06, 0.02),
    (Companies, 0.065, 0.05),
    (Gateways, 0.005, 0.06),
)

__all__ = ["MIX", "Crowd", "Monitors", "ordinary_crowds", "ordinary_monitors"]


def ordinary_monitors(world: World, crowds: list[Crowd]) -> Monitors:
    """Health checks beside the work of accounts that automate."""
    return Monitors(world, [one for one in crowds if isinstance(one, Scripts | Services | Bots)])


def ordinary_crowds(world: World) -> list[Crowd]:
    """All kinds, sized for the scenario; shares vary by a fifth from seed to seed."""
    scenario = world.scenario
    rng = world.streams.named("mix")
    people = np.array([share for _, share, _ in MIX]) * rng.gamma(25.0, 1 / 25.0, len(MIX))
    load = np.array([share for _, _, share in MIX]) * rng.gamma(25.0, 1 / 25.0, len(MIX))
    sizes = scenario.accounts * people / people.sum()
    rates = scenario.requests_per_day * load / load.sum()
    return [
        kind(world, world.streams.named("kind", kind.name), round(size), float(rate))
        for (kind, _, _), size, rate in zip(MIX, sizes, rates, strict=True)
    ]
