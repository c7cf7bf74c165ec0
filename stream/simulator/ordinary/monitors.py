"""Health checks: customers who see by one short prompt a period whether the service still works."""

from __future__ import annotations

import numpy as np

from stream.simulator.checks import checks, usual_periods
from stream.simulator.ordinary.base import Crowd
from stream.simulator.phrases import draw
from stream.simulator.randomness import mix, uniform_of
from stream.simulator.rhythm import Day
from stream.simulator.rows import Rows
from stream.simulator.world import World

_SHARE = 0.06
_PROMPTS = 40


class Monitors:
    """No accounts of its own: some of those that automate have a monitor beside their work."""

    name = "monitors"

    def __init__(self, world: World, crowds: list[Crowd]) -> None:
        self._world = world
        accounts = np.concatenate([crowd.accounts for crowd in crowds])
        self.accounts = accounts[uniform_of(accounts, 114) < _SHARE]
        rng = world.streams.named("kind", self.name)
        prompts = world.add_fixed(draw(rng, "greetings", _PROMPTS))
        # Most have a text of their own; popular uptime services ask the same of many.
        sizes = 1 + (mix(self.accounts, 115) % np.uint64(3)).astype(np.int64)
        begins = (mix(self.accounts, 116) % np.uint64(_PROMPTS - 3)).astype(np.int64)
        pairs = zip(begins.tolist(), sizes.tolist(), strict=True)
        self._texts = [prompts[begin : begin + size] for begin, size in pairs]

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """The checks of one day."""
        periods = usual_periods(self.accounts)
        return checks(self._world, rng, self.accounts, periods, self._texts, day)
