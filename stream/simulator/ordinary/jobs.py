"""Jobs in bursts: backfills of document indexes, and honest generation of own fine-tuning data."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import draw
from stream.simulator.rows import OPERATIONS, Rows
from stream.simulator.world import World


class Backfills(Crowd):
    """Hours of summaries or embeddings over a customer's documents, then silence."""

    name = "backfills"
    profile = Profile(
        plans={"payg": 4, "team": 3, "enterprise": 3, "startup": 2},
        routes={"api": 4, "batch": 4, "cloud:aurora": 1, "cloud:borealis": 1},
        networks={"datacentre": 8, "office": 1, "home": 1},
        clients={"sdk": 5, "script": 5},
        models={"lyra-3-mini": 5, "lyra-3": 3, "lyra-2": 1},
        young=0.3,
        arriving=0.3,
        org=0.6,
    )
    habits = Habits(
        turns=60.0,
        think=2.0,
        spread=1.0,
        burst=2.0,
        weekend=0.9,
        tail=1.4,
        keeps_session=0.1,
        curves={"day": 2, "flat": 3, "night": 2},
    )
    words = (170.0, 0.7)

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        super().__init__(world, rng, size, per_day)
        self.frames = world.add_frames(draw(rng, "honest_jobs", self.accounts.size))
        self.embeds = rng.random(self.accounts.size) < 0.4

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Documents around the customer's instruction, or texts to embed."""
        super().speak(rng, rows)
        place = rows["account"].astype(np.int64) - self.accounts[0]
        embeds = self.embeds[place]
        rows["turn"] = 0
        rows["fixed"] = -1
        rows["frame"] = np.where(embeds, -1, self.frames[place])
        rows["operation"] = np.where(embeds, OPERATIONS.index("embedding"), 0)
        rows["model"][embeds] = 6
        rows["max_tokens"][embeds] = -1
        rows["temperature"][embeds] = np.nan


class Synthesis(Crowd):
    """Honest synthetic data: an organisation's own generation templates, seeds varied."""

    name = "synthesis"
    profile = Profile(
        plans={
            "startup": 3,
            "research": 3,
            "payg": 4,
            "team": 3,
            "enterprise": 2,
            "education": 1,
            "pro": 1,
        },
        routes={"api": 6, "batch": 3, "cloud:aurora": 1, "cloud:cirrus": 1},
        networks={"datacentre": 6, "home": 2, "office": 2, "vpn": 0.5},
        clients={"sdk": 6, "script": 4},
        models={"lyra-3": 3, "lyra-3-large": 4, "lyra-3-reason": 3, "lyra-3-mini": 1},
        young=0.35,
        arriving=0.3,
        org=0.5,
        temperature=0.9,
        max_tokens=0.9,
    )
    habits = Habits(
        turns=1.0,
        burst=1.0,
        weekend=0.9,
        tail=1.0,
        keeps_session=0.2,
        curves={"flat": 6, "day": 2, "night": 1, "office": 1},
    )
    words = (55.0, 0.7)
    samples = 0.15

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        super().__init__(world, rng, size, per_day)
        banks = ("tasks", "tasks", "reasoning", "grading", "rewriting")
        chosen = rng.integers(0, len(banks), self.accounts.size)
        self.frames = world.add_frames(
            [draw(rng, banks[i], 1)[0] for i in np.repeat(chosen, 5).tolist()]
        )

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """The organisation's generation templates around seeds."""
        super().speak(rng, rows)
        place = rows["account"].astype(np.int64) - self.accounts[0]
        rows["fixed"] = -1
        rows["frame"] = self.frames[place * 5 + rng.integers(0, 5, rows.size)]
