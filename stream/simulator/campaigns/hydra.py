"""`hydra`: a resale pool that mixes harvest with unrelated customers' traffic over shared addresses."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template
from stream.simulator.randomness import mix
from stream.simulator.rows import Rows


class Hydra(Template):
    """Accounts with half to nineteen twentieths of other people's requests; a few shared exits."""

    family = "hydra"
    published = Published(20_000, 28.0, 30.0, "disclosure of 23 February 2026: one proxy network with 20,000 accounts")

    def prepare(self, rng: np.random.Generator) -> None:
        super().prepare(rng)
        self.cover = float(rng.uniform(0.5, 0.9))
        kind = str(rng.choice(["datacentre", "vpn", "home"]))
        exits = max(3, self.accounts.size // int(rng.integers(3, 13)))
        countries = self.world.people.table["country"][self.accounts[:1]].astype(np.int64)
        drawn = self.world.networks.draw(kind, np.repeat(countries, exits))
        self.exits = np.unique(drawn)
        self.through = float(rng.uniform(0.5, 1.0)) * (1.0 - self.evasions["isolate"])

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        shared = rng.random(rows.size) < self.through
        choice = mix(rows["session"], 84)
        exits = self.exits[(choice % np.uint64(self.exits.size)).astype(np.int64)]
        rows["network"] = np.where(shared, exits, rows["network"])
        hosts = self.world.networks.hosts()[rows["network"]].astype(np.uint64)
        host = 1 + ((choice >> np.uint64(24)) % np.minimum(hosts, np.uint64(4))).astype(np.int64)
        rows["host"] = np.where(shared, host, rows["host"])
