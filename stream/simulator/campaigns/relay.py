"""`relay`: other people's sessions carried by a pool; reasoning signatures cross accounts."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.randomness import mix
from stream.simulator.rows import Rows


class Relay(Campaign):
    """Honest-looking prompts of many people in many languages; sessions hop between accounts."""

    family = "relay"
    published = Published(1_500, 13.0, 20.0, "GTG-16008: 400,000 requests, 1,500 accounts, 20 days; GTG-16002: 5.6")

    def prepare(self, rng: np.random.Generator) -> None:
        self.turns = float(rng.uniform(2.5, 7.0))
        self.think = float(rng.uniform(20.0, 90.0))
        self.hops = float(rng.uniform(0.15, 0.6)) * (1.0 - 0.8 * self.evasions["paraphrase"])
        self.tells_users = rng.random() < 0.5
        who = self.world.people.table
        thinks = rng.random(self.accounts.size) < 0.6
        who["model"][self.accounts[thinks]] = 4

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        self.speak_cover(rng, rows)
        if self.tells_users:
            rows["end_user"] = mix(rows["session"], 83) >> np.uint64(2)

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Moves later turns to other accounts of the pool, which present the signatures they got."""
        hop = (rows["turn"] > 0) & rows["harvest"] & (rng.random(rows.size) < self.hops)
        targets = self.accounts[rng.integers(0, self.accounts.size, int(hop.sum()))]
        place = targets - self.accounts[0]
        open_now = (rows["time"][hop] >= self.harvest_from[place]) & (rows["time"][hop] < self.until[place])
        moved = np.flatnonzero(hop)[open_now]
        rows["account"][moved] = targets[open_now]
        who = self.world.people.table[rows["account"][moved]]
        for name in ("network", "client", "route", "mask"):
            rows[name][moved] = who[name]
        rows["key"][moved] = 0
