"""Coding harnesses: few system texts and tool lists over very many accounts, long contexts."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.outcome import grow_context
from stream.simulator.phrases import bank, expand
from stream.simulator.randomness import Ints, lognormal, pick, uniform_of, zipf_weights
from stream.simulator.rows import Rows
from stream.simulator.tokens import draw_fitted
from stream.simulator.world import World

_PRODUCTS = 5
_VERSIONS = 3


class Harness(Crowd):
    """Agentic sessions in several versions of products whose system text all users share."""

    name = "harness"
    profile = Profile(
        plans={"pro": 5, "payg": 3, "team": 3, "enterprise": 1, "free": 0.5},
        routes={"api": 8, "cloud:aurora": 1, "cloud:borealis": 0.7},
        networks={"home": 6, "office": 2, "vpn": 0.6, "datacentre": 0.8, "mobile": 0.3},
        clients={"harness": 9, "sdk": 1},
        models={"lyra-3-large": 4, "lyra-3": 4, "lyra-3-reason": 2, "lyra-3-mini": 1},
        temperature=0.3,
        max_tokens=0.8,
        org=0.3,
    )
    habits = Habits(
        turns=16.0,
        single=0.0,
        think=11.0,
        spread=0.7,
        burst=1.0,
        weekend=0.4,
        tail=1.2,
        keeps_session=0.8,
        curves={"office": 5, "day": 3, "owl": 2, "flat": 0.6},
    )
    words = (30.0, 1.1)
    code = 0.75
    foreign = 0.08

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        self.systems, self.tools = self._products(world, rng)
        super().__init__(world, rng, size, per_day)

    def _products(self, world: World, rng: np.random.Generator) -> tuple[Ints, Ints]:
        systems, tools = [], []
        for _ in range(_PRODUCTS):
            phrases = [expand(rng, phrase) for phrase in bank("scaffold")]
            for _ in range(_VERSIONS):
                kept = [
                    phrases[i]
                    for i in rng.choice(len(phrases), int(rng.integers(6, 12)), replace=False)
                ]
                prose = world.prose(rng, int(rng.integers(0, 28)), [int(rng.integers(40, 120))])
                systems.extend(world.add_systems([" ".join([*kept, *prose])]).tolist())
                tools.append(world.add_toolset(rng, int(rng.integers(6, 18))))
        return np.array(systems), np.array(tools)

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """The product's system text and tools; later turns are tool results and short orders."""
        super().speak(rng, rows)
        later = rows["turn"] > 0
        rows["frame"][later] = -1
        rows["words"][later] = np.clip(lognormal(rng, *self.words, int(later.sum())), 2, 900)
        product = self._product(rows["account"].astype(np.int64))
        rows["system"] = self.systems[product]
        rows["tools"] = self.tools[product]

    def _product(self, accounts: Ints) -> Ints:
        """The product and version that an account runs; popular ones lead."""
        edges = np.cumsum(zipf_weights(_PRODUCTS * _VERSIONS, 0.9))
        found = np.searchsorted(edges, uniform_of(accounts, 31), side="right")
        return np.minimum(found, _PRODUCTS * _VERSIONS - 1)

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Context, growth and answers of real coding sessions."""
        kind = rows["system"].astype(np.int64)
        base = (5_000 + 17_000 * uniform_of(kind, 32) + rows["words"]).astype(np.int64)
        fresh = draw_fitted(rng, "sessions", "input_growth_tokens", rows.size).astype(np.int64)
        output = draw_fitted(rng, "sessions", "output_tokens", rows.size).astype(np.int64)
        grow_context(rows, fresh, base, output, 0.9 + 0.1 * rng.random(rows.size))


def weighted(rng: np.random.Generator, numbers: Ints, size: int, exponent: float = 1.0) -> Ints:
    """Numbers drawn with Zipf popularity in the order given."""
    return numbers[pick(rng, list(zipf_weights(numbers.size, exponent)), size)]
