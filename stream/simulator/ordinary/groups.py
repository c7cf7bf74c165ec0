"""Many accounts in one place: classrooms behind one address, companies on one card."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import draw
from stream.simulator.randomness import Ints
from stream.simulator.rhythm import DAY, Day
from stream.simulator.rows import Rows


class Classrooms(Crowd):
    """Classes of young education accounts: lessons in which all send one prompt within minutes."""

    name = "classrooms"
    profile = Profile(
        plans={"education": 8, "free": 3},
        routes={"app": 8, "api": 2},
        networks={"home": 1.0},
        clients={"browser": 7, "app": 2, "sdk": 1},
        models={"lyra-3": 3, "lyra-3-mini": 4, "lyra-3-reason": 0.5},
        young=0.5,
        arriving=0.35,
        temperature=0.1,
        max_tokens=0.15,
        org=0.0,
        second_network=0.7,
    )
    habits = Habits(
        turns=4.0,
        think=90.0,
        burst=0.5,
        weekend=0.2,
        tail=0.6,
        keeps_session=0.9,
        curves={"evening": 2, "day": 2},
    )
    context = None
    answers = ("azure_conv", "output_tokens")

    def enrol(self, rng: np.random.Generator, size: int) -> Ints:
        """Accounts of whole classes: one campus, made within a day."""
        accounts = super().enrol(rng, size)
        groups = rng.integers(8, 46, size)
        self.room = np.repeat(np.arange(size), groups)[:size]
        who = self.world.people.table
        rooms = int(self.room[-1]) + 1
        countries = rng.integers(0, 22, rooms)
        campus = np.array([self.world.networks.new("campus", int(code)) for code in countries])
        opened = (
            self.world.scenario.start
            + rng.uniform(-40, self.world.scenario.days * 0.8, rooms) * DAY
        )
        who["network"][accounts] = campus[self.room]
        who["country"][accounts] = countries[self.room]
        who["created"][accounts] = opened[self.room] + rng.exponential(0.4 * DAY, size)
        who["since"][accounts] = who["created"][accounts] + 300.0
        who["network_alt_share"][accounts] = rng.beta(1.2, 2.0, size)
        self.lesson_frames = self.world.add_frames(draw(rng, "lessons", rooms * 6))
        texts = [
            self.world.prose(rng, int(rng.integers(0, 28)), [int(n)])[0]
            for n in rng.integers(6, 40, rooms * 6)
        ]
        self.exercises = self.world.add_fixed(texts)
        self.hour = rng.integers(8, 16, rooms)
        return accounts

    def day(self, rng: np.random.Generator, day: Day) -> Rows:
        """Homework through the day; on weekdays a lesson that begins with a common prompt."""
        rows = super().day(rng, day)
        place = rows["account"].astype(np.int64) - self.accounts[0]
        room = self.room[place]
        lesson = np.flatnonzero(
            (rows["turn"] == 0) & (rng.random(rows.size) < (0.0 if day.weekend else 0.6))
        )
        zone = self.world.people.table["zone"][self.accounts[0] + place[lesson]]
        minute = rng.gamma(1.5, 45.0, lesson.size)
        rows["time"][lesson] = (
            day.start + np.mod(self.hour[room[lesson]] - zone, 24) * 3600 + minute
        )
        rows["fixed"][lesson] = self.exercises[room[lesson] * 6 + day.number % 6]
        rows["network"][lesson] = self.world.people.table["network"][rows["account"][lesson]]
        return rows


class Companies(Crowd):
    """Staff accounts of firms: one payment, one organisation, one office, one kind of work."""

    name = "companies"
    profile = Profile(
        plans={"team": 6, "enterprise": 4, "startup": 2, "payg": 1},
        routes={"api": 3, "app": 5, "cloud:aurora": 1, "cloud:borealis": 0.6},
        networks={"home": 5, "mobile": 1, "datacentre": 1},
        clients={"browser": 3, "app": 1, "harness": 2, "sdk": 3, "script": 1},
        models={"lyra-3": 5, "lyra-3-large": 2, "lyra-3-mini": 2, "lyra-3-reason": 1},
        young=0.25,
        arriving=0.25,
        org=0.0,
    )
    habits = Habits(
        turns=3.0,
        single=0.35,
        think=60.0,
        burst=0.7,
        weekend=0.25,
        tail=1.3,
        keeps_session=0.6,
        curves={"office": 8, "day": 2, "flat": 1},
    )
    tooled = 0.15

    def enrol(self, rng: np.random.Generator, size: int) -> Ints:
        """Accounts of whole firms: one payment, organisation, office and plan."""
        accounts = super().enrol(rng, size)
        groups = np.clip(rng.lognormal(2.2, 0.9, size), 3, 120).astype(np.int64)
        firm = np.repeat(np.arange(size), groups)[:size]
        firms = int(firm[-1]) + 1
        who = self.world.people.table
        countries = who["country"][accounts][:firms].astype(np.int64)
        offices = np.array([self.world.networks.new("office", int(code)) for code in countries])
        who["payment"][accounts] = self.world.people.new_payments(firms)[firm]
        who["org"][accounts] = self.world.people.new_orgs(firms)[firm]
        who["plan"][accounts] = who["plan"][accounts][:firms][firm]
        at_office = rng.random(size) < 0.75
        who["network_alt"][accounts] = who["network"][accounts]
        who["network"][accounts[at_office]] = offices[firm[at_office]]
        joined = rng.random(firms) < 0.3
        start = (
            self.world.scenario.start
            + rng.uniform(-30, self.world.scenario.days * 0.7, firms) * DAY
        )
        fresh = joined[firm]
        who["created"][accounts[fresh]] = start[firm[fresh]] + rng.exponential(
            DAY, int(fresh.sum())
        )
        who["since"][accounts] = who["created"][accounts] + 600.0
        self.firm = firm
        self.firm_frames = self.world.add_frames(draw(rng, "honest_jobs", firms * 3))
        systems = [
            f"You work for {text}"
            for text in self.world.prose(rng, 3, rng.integers(20, 90, firms).tolist())
        ]
        self.firm_systems = self.world.add_systems(systems)
        self.templated = rng.random(firms) < 0.4
        return accounts

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Everyday prompts, and in some firms a common template and system text."""
        super().speak(rng, rows)
        firm = self.firm[rows["account"].astype(np.int64) - self.accounts[0]]
        work = self.templated[firm] & (rng.random(rows.size) < 0.5)
        rows["frame"] = np.where(
            work, self.firm_frames[firm * 3 + rng.integers(0, 3, rows.size)], rows["frame"]
        )
        rows["system"] = np.where(self.templated[firm], self.firm_systems[firm], -1)
