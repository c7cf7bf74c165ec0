"""`balanced`: grading and reasoning prompts dealt evenly, without repetition, over shared payments."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template
from stream.simulator.randomness import Floats
from stream.simulator.rows import Rows


class Balanced(Template):
    """A dispatcher hands items round the pool in turn; accounts share payments in groups."""

    family = "balanced"
    published = Published(220, 69.0, 10.0, "disclosure of 23 February 2026: 150,000 requests at 690 an account")
    banks = ("grading", "reasoning", "grading")

    def prepare(self, rng: np.random.Generator) -> None:
        super().prepare(rng)
        size = self.accounts.size
        group = int(rng.integers(3, 21))
        people = self.world.people
        shared = rng.random(size) >= self.evasions["isolate"]
        payments = people.new_payments(size)[np.arange(size) // group]
        people.table["payment"][self.accounts[shared]] = payments[shared]

    def _rates(self, rng: np.random.Generator) -> Floats:
        used = np.maximum(self.until - self.since, 0.0) / 86_400.0
        total = self.size.accounts * self.size.rate * self.size.days
        even: Floats = np.full(self.accounts.size, total / max(float(used.sum()), 1e-9))
        return even

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        Campaign.speak_cover(self, rng, rows)
        super().speak(rng, rows)
