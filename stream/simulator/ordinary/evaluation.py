"""Nightly evaluation suites: the same benchmark items by many owners, and grading prompts."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import draw
from stream.simulator.randomness import mix
from stream.simulator.rows import Rows
from stream.simulator.world import World


class Evaluation(Crowd):
    """Bursts of public benchmark items at a fixed hour, followed by grading of answers."""

    name = "evaluation"
    profile = Profile(
        plans={"research": 3, "enterprise": 2, "team": 3, "payg": 3, "startup": 1, "education": 1},
        routes={"api": 6, "batch": 3, "cloud:aurora": 1},
        networks={"datacentre": 6, "office": 2, "home": 1, "campus": 0.5},
        clients={"sdk": 6, "script": 4},
        models={"lyra-3": 3, "lyra-3-large": 3, "lyra-3-reason": 3, "lyra-3-mini": 2, "lyra-2": 1},
        young=0.3,
        arriving=0.2,
        org=0.6,
        max_tokens=0.9,
        temperature=0.9,
    )
    habits = Habits(
        turns=24.0,
        think=2.5,
        spread=0.8,
        burst=0.4,
        weekend=0.9,
        tail=1.1,
        keeps_session=0.15,
        curves={"night": 6, "flat": 2, "office": 2},
    )
    context = ("azure_conv", "input_tokens")
    samples = 0.2

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        super().__init__(world, rng, size, per_day)
        self.items = world.add_fixed(_items(world, rng, 1600))
        self.suites = rng.integers(0, 8, self.accounts.size)
        self.judges = world.add_frames(draw(rng, "grading", 40))
        self.judge = rng.integers(0, 40, self.accounts.size)
        self.grades = np.where(
            rng.random(self.accounts.size) < 0.5, rng.beta(1, 2, self.accounts.size), 0
        )

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Benchmark items in order, or answers put before a judge."""
        super().speak(rng, rows)
        account = rows["account"].astype(np.int64)
        place = account - self.accounts[0]
        grading = rng.random(rows.size) < self.grades[place]
        start = mix(rows["session"], 51) % np.uint64(200)
        item = self.suites[place] * 200 + (start.astype(np.int64) + rows["turn"]) % 200
        rows["fixed"] = np.where(grading, -1, self.items[item])
        rows["frame"] = np.where(grading, self.judges[self.judge[place]], -1)
        rows["words"] = np.where(grading, rows["words"] * 3, rows["words"])
        rows["turn"] = 0


def _items(world: World, rng: np.random.Generator, size: int) -> list[str]:
    """Benchmark questions: eight suites of two hundred, each suite with its own closing words."""
    texts = world.text.benchmark(rng, size)
    endings = draw(rng, "closers", 8)
    return [f"{text} {endings[i // 200]}".strip() for i, text in enumerate(texts)]
