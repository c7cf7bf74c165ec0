"""`hydra`: a resale pool that mixes harvest with other customers' traffic over shared addresses."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.borrow import similar_blocks
from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template
from stream.simulator.randomness import mix, uniform_of
from stream.simulator.rows import Rows


class Hydra(Template):
    """Accounts with half to nineteen twentieths of other people's requests; a few shared exits."""

    family = "hydra"
    published = Published(
        20_000, 28.0, 30.0, "disclosure of 23 February 2026: one proxy network with 20,000 accounts"
    )

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws the exits and the share of other people's traffic."""
        super().prepare(rng)
        self.cover = float(rng.uniform(0.5, 0.9))
        count = max(4, self.accounts.size // int(rng.integers(1, 5)))
        who = self.world.people.table[rng.choice(self.accounts, count)]
        self.exits = np.unique(similar_blocks(self.world.networks, who["network"], who["country"]))
        self.each = np.uint64(rng.integers(1, 5))
        self.through = float(rng.uniform(0.35, 0.8)) * (1.0 - self.evasions["isolate"])

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Sends most sessions out by one of the shared exits."""
        shared = uniform_of(rows["session"], 86) < self.through
        which = mix(rows["session"], 84) % self.each
        choice = mix(rows["account"].astype(np.int64) * 8 + which.astype(np.int64), 87)
        exits = self.exits[(choice % np.uint64(self.exits.size)).astype(np.int64)]
        rows["network"] = np.where(shared, exits, rows["network"])
        hosts = self.world.networks.hosts()[rows["network"]].astype(np.uint64)
        host = 1 + ((choice >> np.uint64(24)) % np.minimum(hosts, np.uint64(4))).astype(np.int64)
        rows["host"] = np.where(shared, host, rows["host"])
