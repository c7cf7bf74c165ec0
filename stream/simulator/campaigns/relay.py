"""`relay`: other people's sessions carried by a pool; reasoning signatures cross accounts."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.outcome import place
from stream.simulator.randomness import Ints, mix, uniform_of
from stream.simulator.rows import MODELS, Rows


class Relay(Campaign):
    """Honest-looking prompts of many people in many languages; sessions hop between accounts."""

    family = "relay"
    published = Published(
        1_500, 13.0, 20.0, "GTG-16008: 400,000 requests, 1,500 accounts, 20 days; GTG-16002: 5.6"
    )

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws session lengths and how often sessions change account."""
        self.turns = float(rng.uniform(2.5, 7.0))
        self.think = float(rng.uniform(20.0, 90.0))
        self.hops = float(rng.uniform(0.15, 0.6)) * (1.0 - 0.8 * self.evasions["paraphrase"])
        who = self.world.people.table
        thinks = rng.random(self.accounts.size) < rng.uniform(0.2, 0.4)
        who["model"][self.accounts[thinks]] = MODELS.index("lyra-3-reason")
        self.telling = float(rng.uniform(0.0, 0.5))

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """The prompts of unrelated people."""
        self.speak_cover(rng, rows)

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Moves later turns to other accounts, which present the signatures that came before."""
        hop = (rows["turn"] > 0) & rows["harvest"] & (rng.random(rows.size) < self.hops)
        targets = self._targets(rng, rows["model"][hop])
        position = targets - self.accounts[0]
        time = rows["time"][hop]
        open_now = (time >= self.harvest_from[position]) & (time < self.until[position])
        moved = np.flatnonzero(hop)[open_now]
        rows["account"][moved] = targets[open_now]
        who = self.world.people.table[rows["account"][moved]]
        for name in ("network", "client", "route", "mask", "temperature", "max_tokens"):
            rows[name][moved] = who[name]
        rows["key"][moved] = 0
        part = rows[moved]
        place(self.world, part)
        rows["host"][moved] = part["host"]
        tells = uniform_of(rows["account"].astype(np.int64), 85) < self.telling
        user = (mix(rows["session"], 83) >> np.uint64(2)).astype(np.int64)
        rows["end_user"] = np.where(tells & rows["harvest"], user, rows["end_user"])

    def _targets(self, rng: np.random.Generator, models: Ints) -> Ints:
        """An account to carry on with for each session: mostly one that uses the same model."""
        usual = self.world.people.table["model"][self.accounts]
        targets = self.accounts[rng.integers(0, self.accounts.size, models.size)]
        for model in np.unique(models).tolist():
            alike = self.accounts[usual == model]
            if alike.size > 1:
                rows = np.flatnonzero((models == model) & (rng.random(models.size) < 0.9))
                targets[rows] = alike[rng.integers(0, alike.size, rows.size)]
        return targets
