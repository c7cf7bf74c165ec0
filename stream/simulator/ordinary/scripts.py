"""Customers' own scripts and batch jobs: even rates, no night, one task over and over."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import draw
from stream.simulator.rows import Rows
from stream.simulator.world import World


class Scripts(Crowd):
    """Single-turn automation of individuals and small firms, many of them new customers."""

    name = "scripts"
    profile = Profile(
        plans={
            "payg": 6,
            "pro": 2,
            "free": 1.5,
            "startup": 1.5,
            "research": 1.2,
            "team": 1,
            "education": 0.5,
        },
        routes={"api": 7, "batch": 1.5, "cloud:aurora": 0.8, "cloud:cirrus": 0.4},
        networks={"datacentre": 5, "home": 4, "vpn": 0.8, "office": 1, "mobile": 0.2},
        clients={"script": 5, "sdk": 5, "harness": 0.3, "gateway": 0.4},
        models={"lyra-3": 4, "lyra-3-mini": 3, "lyra-3-large": 2, "lyra-3-reason": 2, "lyra-2": 1},
        young=0.35,
        arriving=0.3,
        org=0.25,
        second_network=0.35,
    )
    habits = Habits(
        turns=1.8,
        single=0.6,
        think=8.0,
        spread=0.9,
        burst=1.0,
        weekend=0.9,
        tail=1.5,
        keeps_session=0.25,
        curves={"flat": 6, "day": 2, "office": 2, "night": 1.5},
    )
    words = (45.0, 0.9)
    foreign = 0.3
    tooled = 0.12
    samples = 0.03

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        super().__init__(world, rng, size, per_day)
        banks = (
            "honest_jobs",
            "honest_jobs",
            "honest_jobs",
            "tasks",
            "grading",
            "reasoning",
            "rewriting",
        )
        chosen = rng.integers(0, len(banks), self.accounts.size * 3)
        self.frames = world.add_frames([draw(rng, banks[i], 1)[0] for i in chosen.tolist()])
        self.templated = rng.random(self.accounts.size) < 0.75

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """One of three templates of the account, or free prompts."""
        super().speak(rng, rows)
        place = rows["account"].astype(np.int64) - self.accounts[0]
        which = np.floor(3 * rng.random(rows.size) ** 3).astype(np.int64)
        rows["frame"] = np.where(
            self.templated[place], self.frames[place * 3 + which], rows["frame"]
        )
