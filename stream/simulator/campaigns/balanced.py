"""`balanced`: grading and reasoning prompts dealt evenly over accounts that share payments."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template


class Balanced(Template):
    """A dispatcher hands items round the pool in turn; accounts share payments in groups."""

    family = "balanced"
    published = Published(
        220, 69.0, 10.0, "disclosure of 23 February 2026: 150,000 requests at 690 an account"
    )
    banks = ("grading", "reasoning", "grading")

    def prepare(self, rng: np.random.Generator) -> None:
        """Deals the accounts into groups that share a payment."""
        super().prepare(rng)
        size = self.accounts.size
        group = int(rng.integers(3, 21))
        people = self.world.people
        shared = rng.random(size) >= self.evasions["isolate"]
        payments = people.new_payments(size)[np.arange(size) // group]
        people.table["payment"][self.accounts[shared]] = payments[shared]

    def evenness(self, rng: np.random.Generator) -> float:
        """None: the dispatcher deals in turn."""
        return 0.0
