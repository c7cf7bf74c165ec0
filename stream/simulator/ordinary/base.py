"""The common course of a kind of ordinary traffic; kinds differ in profile, habits and hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.outcome import finish, grow_context, opened
from stream.simulator.randomness import Floats, Ints, lognormal, mix, uniform_of
from stream.simulator.rhythm import Day, counts, curve_codes, moments, sittings
from stream.simulator.rows import Rows
from stream.simulator.tokens import draw_fitted
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
    single: float = 0.2
    keeps_session: float = 0.6
    curves: dict[str, float] = field(default_factory=lambda: {"day": 1.0})


class Crowd:
    """Accounts of one kind. Subclasses override `enrol`, `speak` and `spend`."""

    name: ClassVar[str] = ""
    profile: ClassVar[Profile]
    habits: ClassVar[Habits] = Habits()
    words: ClassVar[tuple[float, float]] = (22.0, 1.0)
    context: ClassVar[tuple[str, str] | None] = ("servegen", "client_input_tokens")
    answers: ClassVar[tuple[str, str]] = ("servegen", "client_output_tokens")
    answer_sigma: ClassVar[float] = 0.8
    tooled: ClassVar[float] = 0.0
    code: ClassVar[float] = 0.1
    foreign: ClassVar[float] = 0.2
    samples: ClassVar[float] = 0.0

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        self.world = world
        self.accounts = self.enrol(rng, max(1, size))
        size = self.accounts.size
        self._sizes(rng)
        self.toolsets = self._toolsets(rng)
        habits = self.habits
        self.rates = self._rates(rng, per_day)
        single = rng.random(size) < habits.single
        longer = (habits.turns - 1.0) * lognormal(rng, 1.0, habits.spread, size)
        self.turns = 1.0 + np.where(single, 0.02, longer)
        self.think = lognormal(rng, habits.think, habits.spread, size)
        self.curves = curve_codes(list(habits.curves), list(habits.curves.values()), size, rng)
        self.weekend = np.clip(habits.weekend * lognormal(rng, 1.0, 0.4, size), 0.02, 1.5)
        self.keeps = uniform_of(self.accounts, 20) < habits.keeps_session
        world.people.table["samples"][self.accounts] = several(self.accounts, self.samples)

    def enrol(self, rng: np.random.Generator, size: int) -> Ints:
        """The accounts of this kind, drawn from its profile."""
        styles = self.world.styles(rng, size, self.code, self.foreign)
        return self.world.people.enrol(size, self.profile, styles)

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets the text recipe; by default an opener before a chain of words."""
        wordiness = self.world.people.table["wordiness"][rows["account"]]
        rows["words"] = np.clip(lognormal(rng, *self.words, rows.size) * wordiness, 2, 2500)
        rows["frame"] = self.world.openers[
            (self.world.openers.size * rng.random(rows.size) ** 2).astype(np.int64)
        ]
        short = np.flatnonzero((rows["turn"] > 0) & (rng.random(rows.size) < 0.12))
        greetings = self.world.greetings
        rows["fixed"][short] = greetings[
            (greetings.size * rng.random(short.size) ** 2).astype(np.int64)
        ]

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets token usage from the words said and the kind's usual answers."""
        grow_context(
            rows, said_tokens(rng, rows), *usual_usage(self.world, rng, rows, self.answer_sigma)
        )

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """The requests of one day; sessions may run on past midnight."""
        number = counts(rng, self.rates / self.turns, self.habits.burst, self.weekend, day)
        owner = np.repeat(np.arange(self.accounts.size), number)
        zones = self.world.people.table["zone"][self.accounts][owner]
        starts = moments(rng, day, self.curves[owner], zones)
        sat = sittings(rng, owner, starts, self.turns[owner], self.think[owner])
        rows = opened(self.world, rng, self.accounts, sat)
        rows["tools"] = self.toolsets[sat.owner]
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
        self.world.people.table["rate"][self.accounts] = scaled * share
        return scaled

    def _sizes(self, rng: np.random.Generator) -> None:
        """Each account's usual context (documents, history it resends) and answer length."""
        who, size = self.world.people.table, self.accounts.size
        if self.context is not None:
            who["context"][self.accounts] = draw_fitted(rng, *self.context, size)
        usual = draw_fitted(rng, *self.answers, size)
        who["answer"][self.accounts] = np.clip(usual, 4.0, 4000.0) * who["verbosity"][self.accounts]

    def _toolsets(self, rng: np.random.Generator) -> Ints:
        """A tool list of its own for some accounts, none for the others."""
        numbers = np.full(self.accounts.size, -1, dtype=np.int64)
        for position in np.flatnonzero(rng.random(self.accounts.size) < self.tooled).tolist():
            numbers[position] = self.world.add_toolset(rng, int(rng.geometric(0.2)))
        return numbers


def several(accounts: Ints, share: float) -> Ints:
    """Completions that each account asks for at once: 2 to 16 in a share of them, else 1."""
    many = 2 << (mix(accounts, 28) % np.uint64(4)).astype(np.int64)
    return np.where(uniform_of(accounts, 29) < share, many, 1)


def usual_usage(
    world: World, rng: np.random.Generator, rows: Rows, sigma: float
) -> tuple[Ints, Ints, Floats]:
    """Context, answer and cached share of each row by its account's habits."""
    who = world.people.table[rows["account"]]
    context = who["context"] * lognormal(rng, 1.0, 0.35, rows.size)
    base = context + np.where(rows["system"] >= 0, 120, 8) + np.where(rows["tools"] >= 0, 900, 0)
    output = np.clip(lognormal(rng, 1.0, sigma, rows.size) * who["answer"], 1, 32_000)
    caches = uniform_of(rows["account"].astype(np.int64), 21) < 0.6
    caching = np.where(caches, 0.95, 0.0)
    return base.astype(np.int64), output.astype(np.int64), caching


def said_tokens(rng: np.random.Generator, rows: Rows) -> Ints:
    """Tokens of what is new in each request: about 1.35 a word, more in other scripts."""
    words = np.where(rows["fixed"] >= 0, 14, rows["words"] + np.where(rows["frame"] >= 0, 8, 0))
    factor = np.where(rows["style"] >= 28, 2.1, 1.35) * lognormal(rng, 1.0, 0.08, rows.size)
    tokens: Ints = np.maximum(1, words * factor).astype(np.int64)
    return tokens
