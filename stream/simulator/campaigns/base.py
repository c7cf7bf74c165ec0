"""The common course of a campaign: sizes, accounts and their windows, days of harvest and cover."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from stream.simulator.campaigns.costume import draw_costume
from stream.simulator.campaigns.sizing import Published, fit
from stream.simulator.evasions import Evasions
from stream.simulator.outcome import finish, grow_context, opened
from stream.simulator.ordinary.base import said_tokens
from stream.simulator.randomness import Floats, Ints, lognormal, mix, uniform_of
from stream.simulator.rhythm import DAY, Day, counts, moments, sittings
from stream.simulator.rows import Rows
from stream.simulator.scenario import CampaignPlan
from stream.simulator.world import World


class Campaign:
    """One campaign. Families override `prepare`, `speak`, `spend` and, where they must, `day`."""

    family: ClassVar[str] = ""
    published: ClassVar[Published]
    cover: float = 0.0
    turns: float = 1.0
    think: float = 6.0

    def __init__(self, world: World, rng: np.random.Generator, plan: CampaignPlan, number: int) -> None:
        self.world, self.plan, self.number = world, plan, number
        self.name = f"{plan.family}-{number}"
        self.costume = draw_costume(rng)
        self.size = fit(self.published, plan.rate, world.scenario, plan.share)
        self.evasions = Evasions(plan.evasions)
        self.turns = 1.0 + float(rng.exponential(0.6))
        self.start, self.end = self._period(rng)
        self.accounts = self._enrol(rng)
        self.size_of = self.accounts.size
        self.prepare(rng)
        self.cover = self.evasions.cover_share(self.cover)
        self.rates = self._rates(rng)
        self.keeps = rng.random(self.accounts.size) < self.costume.keeps_session

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws what the family shares: fragments, frames, tools."""

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets the text recipe of harvest requests."""
        raise NotImplementedError

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets token usage; by default that of chats with the costume's answer lengths."""
        base = np.where(rows["system"] >= 0, 260, 12) + np.where(rows["tools"] >= 0, 900, 0)
        verbosity = self.world.people.table["verbosity"][rows["account"]]
        output = np.clip(lognormal(rng, *self.costume.answer, rows.size) * verbosity, 1, 32_000)
        caching = 0.95 * (uniform_of(rows["account"].astype(np.int64), 21) < 0.6)
        fresh = said_tokens(rng, rows) + 40 * (rows["fragment"] >= 0)
        grow_context(rows, fresh, base, output.astype(np.int64), caching)

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """Harvest and cover of one day."""
        rows = self._sessions(rng, day)
        covers = uniform_of(rows["session"], 81) < self.cover
        covers |= rows["time"] < self.harvest_from[rows["account"] - self.accounts[0]]
        self.speak_cover(rng, rows)
        self._harvest(rng, rows, ~covers)
        self.spend(rng, rows)
        rows = finish(self.world, rng, rows)
        rows["campaign"] = self.number
        rows["harvest"] = ~covers
        self.after(rng, rows)
        self.evasions.failover(rows, self)
        place = rows["account"] - self.accounts[0]
        rows["session"][~self.keeps[place]] = -1
        return rows[(rows["time"] >= self.since[place]) & (rows["time"] < self.until[place])]

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Last changes to a day's requests, once outcomes are known."""

    def speak_cover(self, rng: np.random.Generator, rows: Rows) -> None:
        """Ordinary-looking requests."""
        openers = self.world.openers
        rows["words"] = np.clip(lognormal(rng, *self.costume.words, rows.size), 2, 2500)
        rows["frame"] = openers[(openers.size * rng.random(rows.size) ** 2).astype(np.int64)]
        unrelated = self.world.styles(rng, 997, self.costume.code, self.costume.foreign)
        person = (mix(rows["session"], 82) % np.uint64(997)).astype(np.int64)
        rows["style"] = unrelated[person]

    def _harvest(self, rng: np.random.Generator, rows: Rows, harvest: Floats) -> None:
        part = rows[harvest]
        part["style"] = self.world.people.table["style"][part["account"]]
        self.speak(rng, part)
        rows[harvest] = part

    def _sessions(self, rng: np.random.Generator, day: Day) -> Rows:
        rates = self.rates * self._presence(day)
        number = counts(rng, rates / self.turns, self.costume.burst, 1.0, day)
        owner = np.repeat(np.arange(self.accounts.size), number)
        starts = self._starts(rng, owner, day)
        turns = np.full(owner.size, self.turns)
        sat = sittings(rng, owner, starts, turns, np.full(owner.size, self.think))
        return opened(self.world, rng, self.accounts, sat)

    def _starts(self, rng: np.random.Generator, owner: Ints, day: Day) -> Floats:
        """Times within the account's part of the day, by the campaign's curve."""
        zones = self.world.people.table["zone"][self.accounts]
        zones = zones if self.costume.follows_zone else np.full(zones.size, zones[0])
        curves = np.full(owner.size, self.costume.curve)
        times = moments(rng, day, curves, zones[owner])
        times = self.evasions.jitter(rng, times, owner, day, self)
        low, high = np.maximum(self.since, day.start), np.minimum(self.until, day.start + DAY)
        outside = (times < low[owner]) | (times >= high[owner])
        width = np.maximum(high - low, 0.0)[owner]
        inside = low[owner] + width * rng.random(owner.size)
        return np.where(outside, inside, times)

    def _presence(self, day: Day) -> Floats:
        """The share of the day in which each account is in use."""
        low = np.maximum(self.since, day.start)
        high = np.minimum(self.until, day.start + DAY)
        present: Floats = np.clip((high - low) / DAY, 0.0, 1.0)
        return present

    def _period(self, rng: np.random.Generator) -> tuple[float, float]:
        scenario = self.world.scenario
        earliest = scenario.days * scenario.warm_up
        latest = max(earliest, scenario.days - self.size.days)
        begin = scenario.start + DAY * float(rng.uniform(earliest, latest))
        return begin, min(begin + DAY * self.size.days, scenario.end)

    def _enrol(self, rng: np.random.Generator) -> Ints:
        costume, people = self.costume, self.world.people
        slots = self.size.accounts
        size = slots * self.evasions.generations()
        usual = self.world.styles(rng, size, costume.code, costume.foreign)
        accounts = people.enrol(size, costume.profile, usual)
        who = people.table
        who["campaign"][accounts] = self.number
        ramp = (self.end - self.start) * float(rng.beta(0.6, 3.0)) * rng.random(size)
        self.since, self.until = self.start + ramp, np.full(size, self.end)
        who["payment"][accounts] = people.new_payments(size)[np.arange(size) // costume.payment_group]
        if costume.network_group > 1:
            shared = np.arange(size) // costume.network_group * costume.network_group
            who["network"][accounts] = who["network"][accounts[shared]]
        self.evasions.rotate(rng, self, slots)
        who["created"][accounts] = self.since - DAY * self._ages(rng, size)
        self.harvest_from = self.since.copy()
        self.evasions.isolate(rng, self, accounts)
        self.evasions.split(rng, self, accounts)
        self.evasions.warm_up(rng, self, accounts)
        who["since"][accounts], who["until"][accounts] = self.since, self.until
        return accounts

    def _ages(self, rng: np.random.Generator, size: int) -> Floats:
        """Days from sign-up to first use: fresh accounts, and some aged ones bought for the job."""
        fresh = self.costume.oldest_days * rng.random(size)
        bought = 20.0 + rng.exponential(250.0, size)
        return np.where(rng.random(size) < self.costume.aged, bought, fresh)

    def _rates(self, rng: np.random.Generator) -> Floats:
        """Requests a day; an account's presence scales it, so warm-up and rotation add none."""
        spread = rng.lognormal(0.0, self.costume.evenness, self.accounts.size)
        used = np.maximum(self.until - self.since, 0.0) / DAY
        total = self.size.accounts * self.size.rate * self.size.days
        rates: Floats = spread * total / max(float((spread * used).sum()), 1e-9)
        return rates
