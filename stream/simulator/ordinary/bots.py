"""Continuous-integration bots: a new address each run, one key, review prompts around diffs."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import bank, expand
from stream.simulator.randomness import mix
from stream.simulator.rows import Rows
from stream.simulator.world import World


class Bots(Crowd):
    """Short sessions from hosted runners on office days."""

    name = "bots"
    profile = Profile(
        plans={"team": 4, "enterprise": 2, "payg": 3, "pro": 1, "startup": 1},
        networks={"datacentre": 1.0},
        clients={"sdk": 5, "script": 3, "harness": 2},
        models={"lyra-3": 5, "lyra-3-mini": 3, "lyra-3-large": 2},
        org=0.7,
        second_network=0.0,
    )
    habits = Habits(
        turns=3.0,
        think=5.0,
        burst=0.8,
        weekend=0.3,
        tail=1.2,
        keeps_session=0.4,
        curves={"office": 5, "day": 2, "flat": 1},
    )
    words = (140.0, 0.9)
    context = ("azure_code", "input_tokens")
    answers = ("azure_conv", "output_tokens")
    tooled = 0.2
    code = 1.0
    foreign = 0.0

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        super().__init__(world, rng, size, per_day)
        review = bank("honest_jobs")[6]
        self.actions = world.add_frames([expand(rng, review) for _ in range(12)])
        kinds = rng.integers(0, 12, self.accounts.size)
        self.action = kinds
        self.runners = np.unique(world.networks.draw("datacentre", np.zeros(200, dtype=np.int64)))

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Review prompts around diffs, from another runner each time."""
        super().speak(rng, rows)
        place = rows["account"].astype(np.int64) - self.accounts[0]
        rows["frame"] = self.actions[self.action[place]]
        rows["fixed"] = -1
        run = mix(rows["session"], 61)
        rows["network"] = self.runners[(run % np.uint64(self.runners.size)).astype(np.int64)]
        rows["host"] = 1 + (run >> np.uint64(20)) % np.uint64(254)
