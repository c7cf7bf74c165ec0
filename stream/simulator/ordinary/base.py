"""The common course of a kind of ordinary traffic; kinds differ in profile, habits and hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.outcome import finish, grow_context, opened
from stream.simulator.randomness import Floats, Ints, lognormal, uniform_of
from stream.simulator.rhythm import Day, counts, curve_codes, moments, sittings
from stream.simulator.rows import Rows
from stream.simulator.world import World


@dataclass(frozen=True, slots=True)
class Habits:
    """How a kind behaves in time. Each account draws its own turns and pace around the medians."""

    turns: float = 3.0
    think: float = 40.0
    spread: float = 0.5
    burst: float = 0.6
    weekend: float = 0.5
    tail: float = 1.2
    keeps_session: float = 0.6
    curves: dict[str, float] = field(default_factory=lambda: {"day": 1.0})


class Crowd:
    """Accounts of one kind. Subclasses override `enrol`, `speak` and `spend`."""

    name: ClassVar[str] = ""
    profile: ClassVar[Profile]
    habits: ClassVar[Habits] = Habits()
    words: ClassVar[tuple[float, float]] = (22.0, 1.0)
    answer: ClassVar[tuple[float, float]] = (220.0, 0.9)
    code: ClassVar[float] = 0.1
    foreign: ClassVar[float] = 0.2

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        self.world = world
        self.accounts = self.enrol(rng, max(1, size))
        size = self.accounts.size
        habits = self.habits
        self.rates = self._rates(rng, per_day)
        self.turns = 1.0 + (habits.turns - 1.0) * lognormal(rng, 1.0, habits.spread, size)
        self.think = lognormal(rng, habits.think, habits.spread, size)
        self.curves = curve_codes(list(habits.curves), list(habits.curves.values()), size, rng)
        self.weekend = np.clip(habits.weekend * lognormal(rng, 1.0, 0.4, size), 0.02, 1.5)
        self.keeps = uniform_of(self.accounts, 20) < habits.keeps_session

    def enrol(self, rng: np.random.Generator, size: int) -> Ints:
        """The accounts of this kind, drawn from its profile."""
        styles = self.world.styles(rng, size, self.code, self.foreign)
        return self.world.people.enrol(size, self.profile, styles)

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets the text recipe; by default an opener before a chain of words."""
        rows["words"] = np.clip(lognormal(rng, *self.words, rows.size), 2, 2500)
        rows["frame"] = self.world.openers[
            (self.world.openers.size * rng.random(rows.size) ** 2).astype(np.int64)
        ]
        short = np.flatnonzero((rows["turn"] > 0) & (rng.random(rows.size) < 0.12))
        greetings = self.world.greetings
        rows["fixed"][short] = greetings[(greetings.size * rng.random(short.size) ** 2).astype(np.int64)]

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets token usage from the words said and the kind's usual answers."""
        base = np.where(rows["system"] >= 0, 260, 12) + np.where(rows["tools"] >= 0, 900, 0)
        verbosity = self.world.people.table["verbosity"][rows["account"]]
        output = lognormal(rng, *self.answer, rows.size) * verbosity
        grow_context(
            rows, said_tokens(rng, rows), base, np.clip(output, 1, 32_000).astype(np.int64),
            0.95 * (uniform_of(rows["account"].astype(np.int64), 21) < 0.6),
        )  # fmt: skip

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """The requests of one day; sessions may run on past midnight."""
        number = counts(rng, self.rates / self.turns, self.habits.burst, self.weekend, day)
        owner = np.repeat(np.arange(self.accounts.size), number)
        zones = self.world.people.table["zone"][self.accounts][owner]
        starts = moments(rng, day, self.curves[owner], zones)
        sat = sittings(rng, owner, starts, self.turns[owner], self.think[owner])
        rows = opened(self.world, rng, self.accounts, sat)
        self.speak(rng, rows)
        self.spend(rng, rows)
        rows = finish(self.world, rng, rows)
        rows["session"][~self.keeps[sat.owner]] = -1
        return rows

    def _rates(self, rng: np.random.Generator, per_day: float) -> Floats:
        """Heavy-tailed requests a day; the sum over the accounts' active days is what was asked."""
        scenario = self.world.scenario
        rates = lognormal(rng, 1.0, self.habits.tail, self.accounts.size)
        who = self.world.people.table[self.accounts]
        active = np.minimum(who["until"], scenario.end) - np.maximum(who["since"], scenario.start)
        share = np.clip(active / (scenario.end - scenario.start), 0.0, 1.0)
        scaled: Floats = rates * per_day / max(float((rates * share).sum()), 1e-9)
        return scaled


def said_tokens(rng: np.random.Generator, rows: Rows) -> Ints:
    """Tokens of what is new in each request: about 1.35 a word, more in other scripts."""
    words = np.where(rows["fixed"] >= 0, 14, rows["words"] + np.where(rows["frame"] >= 0, 8, 0))
    factor = np.where(rows["style"] >= 28, 2.1, 1.35) * lognormal(rng, 1.0, 0.08, rows.size)
    tokens: Ints = np.maximum(1, words * factor).astype(np.int64)
    return tokens
