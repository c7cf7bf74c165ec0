"""The common course of a campaign: sizes, accounts and their windows, days of harvest and cover."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from stream.simulator.campaigns.borrow import borrow
from stream.simulator.campaigns.costume import draw_costume
from stream.simulator.campaigns.sizing import Published, budget_of, fit
from stream.simulator.checks import PERIODS, checks
from stream.simulator.evasions import Evasions
from stream.simulator.ordinary.base import said_tokens, usual_usage
from stream.simulator.outcome import finish, grow_context, opened
from stream.simulator.phrases import draw
from stream.simulator.randomness import Floats, Ints, lognormal, mix, uniform_of
from stream.simulator.rhythm import DAY, HOUR, Day, counts, moments, sittings
from stream.simulator.rows import Rows, join
from stream.simulator.scenario import CampaignPlan
from stream.simulator.world import World

_CORRECTIONS = 12
_WATCHFUL = 0.35
_SAMPLING = 0.25


class Campaign:
    """One campaign. Families override `prepare`, `speak` and, where they must, other steps.

    An account is in use from `since` to `until`; before `harvest_from` it only behaves well.
    """

    family: ClassVar[str] = ""
    published: ClassVar[Published]
    lead_in: ClassVar[float] = 0.25
    cover: float = 0.0
    think: float = 6.0

    def __init__(self, world: World, plan: CampaignPlan, number: int, draw: int = 0) -> None:
        self.world, self.plan, self.number, self.draw = world, plan, number, draw
        rng = world.streams.named("campaign", number, plan.family, draw)
        self.name = f"{plan.family}-{number}"
        self.costume = draw_costume(rng)
        self.size = fit(self.published, plan.rate, world.scenario, plan.share)
        self.evasions = Evasions(plan.evasions)
        self.turns = 1.0 + float(rng.exponential(1.2))
        self.start, self.end = self._period(rng)
        self.accounts = self._enrol(rng)
        self.prepare(rng)
        self.pace = 1.0 + (self.turns - 1.0) * lognormal(rng, 1.0, 0.8, self.accounts.size)
        self.cover = self.evasions.cover_share(self.cover)
        self.lead_rates = lognormal(rng, float(rng.uniform(1.0, 6.0)), 1.0, self.accounts.size)
        self.rates = self._rates(rng)
        self.keeps = rng.random(self.accounts.size) < self.costume.keeps_session
        self._prepare_canaries()
        self._sample()

    def _sample(self) -> None:
        """Some campaigns ask for several answers a prompt, to choose the best or to rank them."""
        # Drawn anew with the campaign: what gives it away must not come back.
        again = (self.draw,) if self.draw else ()
        rng = self.world.streams.named("samples", self.name, *again)
        number = int(rng.choice([2, 4, 8])) if rng.random() < _SAMPLING else 0
        if number:
            self.world.people.table["samples"][self.accounts] = number

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws what the family shares: fragments, frames, tools."""

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets the text recipe of harvest requests."""
        raise NotImplementedError

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sets token usage by the accounts' habits."""
        fresh = said_tokens(rng, rows) + 40 * (rows["fragment"] >= 0)
        grow_context(rows, fresh, *usual_usage(self.world, rng, rows, 0.8))

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """Harvest and cover of one day."""
        rows = self._sessions(rng, day)
        covers = uniform_of(rows["session"], 81) < self.cover
        covers |= rows["time"] < self.harvest_from[self.place_of(rows)]
        rows["campaign"] = self.number
        rows["harvest"] = ~covers
        self.speak_cover(rng, rows)
        self._harvest(rng, rows)
        self.spend(rng, rows)
        rows = finish(self.world, rng, rows)
        self.after(rng, rows)
        self.evasions.failover(rows, self)
        rows["session"][~self.keeps[self.place_of(rows)]] = -1
        return join([rows, self._canaries(day)])

    def _canaries(self, day: Day) -> Rows:
        """In some campaigns an account asks a fixed set again and again: is it still the same?

        That serves no training, so it does not count as harvest.
        """
        if not self.canaries.size or not self.start - DAY < day.start < self.end:
            return join([])
        rng = self.world.streams.named("canaries", self.name, day.number)
        period = np.array([self.canary_period])
        rows = checks(self.world, rng, self.canaries, period, [self.canary_texts], day)
        rows["campaign"] = self.number
        return rows

    def _prepare_canaries(self) -> None:
        """One account, a few prompts, as often as a twentieth of the budget allows."""
        rng = self.world.streams.named("canaries", self.name)
        size = int(rng.integers(1, 5))
        self.canary_texts = self.world.add_fixed(draw(rng, "reasoning", size))
        sent = size * (self.end - self.start + DAY) / PERIODS
        fitting = PERIODS[sent <= 0.05 * budget_of(self.world.scenario, self.plan.share)]
        watchful = fitting.size > 0 and rng.random() < _WATCHFUL
        self.canaries = rng.choice(self.accounts, 1) if watchful else self.accounts[:0]
        self.canary_period = float(fitting[0]) if watchful else DAY

    def bans(self) -> list[tuple[int, float]]:
        """Accounts that the provider bans during the run, with the time."""
        if self.evasions.generations() == 1:
            return []
        ended = np.flatnonzero(self.until < self.end)
        return list(zip(self.accounts[ended].tolist(), self.until[ended].tolist(), strict=True))

    def place_of(self, rows: Rows) -> Ints:
        """The position of each row's account within the campaign."""
        places: Ints = rows["account"].astype(np.int64) - self.accounts[0]
        return places

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Last changes to a day's requests, once outcomes are known."""

    def speak_cover(self, rng: np.random.Generator, rows: Rows) -> None:
        """Ordinary-looking requests of unrelated people."""
        openers = self.world.openers
        wordiness = self.world.people.table["wordiness"][rows["account"]]
        words = lognormal(rng, self.costume.words, self.costume.words_sigma, rows.size) * wordiness
        rows["words"] = np.clip(words, 2, 2500)
        rows["frame"] = openers[(openers.size * rng.random(rows.size) ** 2).astype(np.int64)]
        unrelated = self.world.styles(rng, 997, self.costume.code, self.costume.foreign)
        person = (mix(rows["session"], 82) % np.uint64(997)).astype(np.int64)
        rows["style"] = unrelated[person]

    def hold_budget(self, days: list[Day]) -> None:
        """Lowers all rates while the requests of the whole run exceed the budget."""
        allowed = budget_of(self.world.scenario, self.plan.share)
        for _ in range(_CORRECTIONS):
            sent = sum(self._requests(day) for day in days)
            if sent <= 1.05 * allowed:
                return
            self.rates = self.rates * (0.97 * allowed / sent)
            self.lead_rates = self.lead_rates * (0.97 * allowed / sent)

    def _requests(self, day: Day) -> int:
        return self._sessions(self.world.streams.named("day", self.name, day.number), day).size

    def _harvest(self, rng: np.random.Generator, rows: Rows) -> None:
        part = rows[rows["harvest"]]
        part["style"] = self.world.people.table["style"][part["account"]]
        self.speak(rng, part)
        rows[rows["harvest"]] = part

    def _sessions(self, rng: np.random.Generator, day: Day) -> Rows:
        lead = self._sitting(rng, day, self.lead_rates, self.since, self.harvest_from)
        return join([lead, self._sitting(rng, day, self.rates, self.harvest_from, self.until)])

    def _sitting(
        self, rng: np.random.Generator, day: Day, rates: Floats, low: Floats, high: Floats
    ) -> Rows:
        """Sessions that begin between `low` and `high` of their account."""
        low, high = np.maximum(low, day.start), np.minimum(high, day.start + DAY)
        width = np.maximum(high - low, 0.0)
        number = counts(rng, rates * width / DAY / self.pace, self.costume.burst, 1.0, day)
        owner = np.repeat(np.arange(self.accounts.size), number)
        times = self._moments(rng, owner, day)
        outside = (times < low[owner]) | (times >= high[owner])
        starts = np.where(outside, low[owner] + width[owner] * rng.random(owner.size), times)
        sat = sittings(rng, owner, starts, self.pace[owner], np.full(owner.size, self.think))
        rows = opened(self.world, rng, self.accounts, sat)
        return rows[rows["time"] < self.until[sat.owner]]

    def _moments(self, rng: np.random.Generator, owner: Ints, day: Day) -> Floats:
        """Times of the day by the campaign's curve, or within each account's shift."""
        zones = self.world.people.table["zone"][self.accounts]
        zones = zones if self.costume.follows_zone else np.full(zones.size, zones[0])
        times = moments(rng, day, np.full(owner.size, self.costume.curve), zones[owner])
        if self.costume.shift_hours < 24.0:
            begin = 24.0 * uniform_of(self.accounts, 88)[owner]
            hours = begin + self.costume.shift_hours * rng.random(owner.size)
            times = day.start + np.mod(hours, 24.0) * HOUR
        return self.evasions.jitter(rng, times, owner, day, self)

    def _period(self, rng: np.random.Generator) -> tuple[float, float]:
        scenario = self.world.scenario
        earliest = scenario.days * scenario.warm_up
        latest = max(earliest, scenario.days - self.size.days)
        begin = scenario.start + DAY * float(rng.uniform(earliest, latest))
        return begin, min(begin + DAY * self.size.days, scenario.end)

    def _enrol(self, rng: np.random.Generator) -> Ints:
        costume, people = self.costume, self.world.people
        size = self.size.accounts * self.evasions.generations()
        styles = self.harvest_styles(rng, size)
        accounts = people.enrol(size, costume.profile, styles)
        who = people.table
        who["campaign"][accounts] = self.number
        who["context"][accounts] = lognormal(rng, costume.context, 0.8, size)
        who["answer"][accounts] = lognormal(rng, costume.answer, 0.5, size)
        borrow(self.world, rng, accounts)
        payments = people.new_payments(size)[np.arange(size) // costume.payment_group]
        unpaid = np.isin(who["plan"][accounts], [0, 5]) & (rng.random(size) < 0.7)
        who["payment"][accounts] = np.where(unpaid, -1, payments)
        if costume.network_group > 1:
            shared = np.arange(size) // costume.network_group * costume.network_group
            who["network"][accounts] = who["network"][accounts[shared]]
        self._windows(rng, accounts)
        self.evasions.isolate(rng, self, accounts)
        self.evasions.split(rng, self, accounts)
        return accounts

    def harvest_styles(self, rng: np.random.Generator, size: int) -> Ints:
        """What the harvest is written in: a corpus of its own, or any topic, language and code."""
        own = self.world.text.harvest_styles(rng, size)
        costume = self.costume
        return (
            own if own is not None else self.world.styles(rng, size, costume.code, costume.foreign)
        )

    def _windows(self, rng: np.random.Generator, accounts: Ints) -> None:
        """When each account serves, when it was first used, when it was made."""
        size, who = accounts.size, self.world.people.table
        ramp = (self.end - self.start) * float(rng.beta(0.6, 3.0)) * rng.random(size)
        self.harvest_from, self.until = self.start + ramp, np.full(size, self.end)
        self.evasions.rotate(rng, self)
        led = rng.random(size) < self.lead_in
        self.since = self.harvest_from - DAY * np.where(led, rng.exponential(3.0, size), 0.0)
        who["created"][accounts] = self.since - DAY * self._ages(rng, size)
        self.evasions.warm_up(rng, self, accounts)
        self.since = np.maximum(self.since, self.world.scenario.start)
        who["since"][accounts], who["until"][accounts] = self.since, self.until

    def _ages(self, rng: np.random.Generator, size: int) -> Floats:
        """Days from sign-up to first use: fresh accounts, and some aged ones bought for the job."""
        fresh = self.costume.oldest_days * rng.random(size)
        bought = 20.0 + rng.exponential(250.0, size)
        return np.where(rng.random(size) < self.costume.aged, bought, fresh)

    def _rates(self, rng: np.random.Generator) -> Floats:
        """Harvest and its cover, in requests a day. Good behaviour before counts in the budget."""
        spread = rng.lognormal(0.0, self.evenness(rng), self.accounts.size)
        used = np.maximum(self.until - self.harvest_from, 0.0) / DAY
        before = np.maximum(self.harvest_from - self.since, 0.0) / DAY
        budget = self.size.accounts * self.size.rate * self.size.days
        lead = float((self.lead_rates * before).sum())
        if lead > 0.4 * budget:
            self.lead_rates *= 0.4 * budget / lead
            lead = 0.4 * budget
        rates: Floats = spread * (budget - lead) / max(float((spread * used).sum()), 1e-9)
        return rates

    def evenness(self, rng: np.random.Generator) -> float:
        """How much the accounts' loads differ (sigma of their logarithms)."""
        return self.costume.evenness
