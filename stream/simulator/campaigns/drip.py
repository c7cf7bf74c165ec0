"""`drip`: a few requests a day and account for weeks, with something shared."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template
from stream.simulator.phrases import draw
from stream.simulator.rewording import reworded
from stream.simulator.rows import Rows


class Drip(Template):
    """Slow harvest that shares a fragment, templates or payments."""

    family = "drip"
    published = Published(
        5_380,
        5.6,
        90.0,
        "GTG-16002: 5.6 requests an account and day over ten days, 5,380 accounts",
        floor=30,
        shortest=10.5,
    )

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws what the accounts share."""
        super().prepare(rng)
        self.shares = str(rng.choice(["fragment", "template", "payment"]))
        intensity = self.evasions["paraphrase"]
        text = draw(rng, "fragments", 1)[0]
        variants = (
            [text] if intensity == 0 else [reworded(rng, text, intensity) for _ in range(2000)]
        )
        self.numbers = self.world.add_fragments(variants)
        if self.shares == "payment":
            people = self.world.people
            size = self.accounts.size
            payments = people.new_payments(size)[np.arange(size) // int(rng.integers(5, 21))]
            shared = rng.random(size) >= self.evasions["isolate"]
            people.table["payment"][self.accounts[shared]] = payments[shared]

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Whatever this campaign shares: a fragment, templates, or nothing but payments."""
        if self.shares == "template":
            super().speak(rng, rows)
        elif self.shares == "fragment":
            rows["fragment"] = self.numbers[rng.integers(0, self.numbers.size, rows.size)]
            rows["position"] = np.clip(rng.uniform(-0.5, 1.5, rows.size), 0.0, 1.0)
