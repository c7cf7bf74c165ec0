"""Products built on the API: end users behind one account, an own system text or a framework's."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.phrases import draw
from stream.simulator.randomness import Ints, mix, uniform_of
from stream.simulator.rows import Rows
from stream.simulator.world import World


class Services(Crowd):
    """Heavy accounts; a third of them use one of a few frameworks whose prompts many share."""

    name = "services"
    profile = Profile(
        plans={"payg": 4, "team": 3, "enterprise": 2, "startup": 2},
        routes={"api": 7, "cloud:aurora": 2, "cloud:borealis": 1, "cloud:cirrus": 0.5},
        networks={"datacentre": 8, "office": 1, "vpn": 0.3, "home": 1},
        clients={"sdk": 6, "script": 2, "gateway": 1},
        models={
            "lyra-3": 4,
            "lyra-3-mini": 5,
            "lyra-3-large": 1.5,
            "lyra-3-reason": 1,
            "lyra-2": 1,
        },
        org=0.8,
        second_network=0.6,
    )
    habits = Habits(
        turns=3.0,
        single=0.4,
        think=40.0,
        spread=1.0,
        burst=0.5,
        weekend=0.8,
        tail=1.7,
        keeps_session=0.55,
        curves={"day": 5, "evening": 2, "office": 2, "flat": 2},
    )
    words = (26.0, 1.1)
    foreign = 0.25
    tooled = 0.35
    samples = 0.02

    def __init__(self, world: World, rng: np.random.Generator, size: int, per_day: float) -> None:
        self.shared_frames = world.add_frames(draw(rng, "honest_jobs", 36))
        self.shared_systems = self._systems(world, rng, 12)
        super().__init__(world, rng, size, per_day)
        self.own_systems = self._systems(world, rng, self.accounts.size)
        self.own_frames = world.add_frames(draw(rng, "honest_jobs", self.accounts.size * 2))

    def _systems(self, world: World, rng: np.random.Generator, size: int) -> Ints:
        lengths = rng.integers(12, 140, size).tolist()
        texts = [world.prose(rng, int(rng.integers(0, 28)), [length])[0] for length in lengths]
        return world.add_systems([f"You are the assistant of {text}" for text in texts])

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """The product's own or its framework's prompts, on behalf of end users."""
        super().speak(rng, rows)
        account = rows["account"].astype(np.int64)
        place = account - self.accounts[0]
        framework = uniform_of(account, 41) < 0.3
        shared = (mix(account, 42) % np.uint64(self.shared_systems.size)).astype(np.int64)
        rows["system"] = np.where(framework, self.shared_systems[shared], self.own_systems[place])
        rows["system"][uniform_of(account, 43) < 0.15] = -1
        job = (uniform_of(account, 44) < 0.55) & (rows["turn"] == 0)
        frames = np.where(
            framework,
            self.shared_frames[shared * 3 + rng.integers(0, 3, rows.size)],
            self.own_frames[place * 2 + rng.integers(0, 2, rows.size)],
        )
        rows["frame"] = np.where(job, frames, rows["frame"])
        users = 3 + mix(account, 45) % np.uint64(400)
        user = mix(rows["session"], 46) % users
        reports = uniform_of(account, 47) < 0.5
        rows["end_user"] = np.where(
            reports, mix(user.astype(np.int64) + account * 1000, 48) >> np.uint64(2), -1
        )
