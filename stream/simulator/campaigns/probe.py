"""`probe`: thousands of different extraction techniques, mostly refused, within hours."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.outcome import refuse
from stream.simulator.phrases import draw
from stream.simulator.rewording import reworded
from stream.simulator.rows import Rows


class Probe(Campaign):
    """One principal's few accounts try each technique once or twice."""

    family = "probe"
    published = Published(
        40,
        900.0,
        0.33,
        "report of 10 September 2026: over 12,000 requests, each another technique",
        floor=12,
        shortest=0.12,
    )

    lead_in = 0.8

    def prepare(self, rng: np.random.Generator) -> None:
        """Writes the techniques."""
        texts = draw(rng, "probes", 3000)
        techniques = [reworded(rng, text, float(rng.uniform(0.1, 0.9))) for text in texts]
        self.techniques = self.world.add_frames(techniques)
        self.refusals = float(rng.uniform(0.55, 0.9))

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Another technique each time."""
        rows["frame"] = self.techniques[rng.integers(0, self.techniques.size, rows.size)]
        rows["words"] = rows["words"] // int(rng.integers(1, 4))

    def after(self, rng: np.random.Generator, rows: Rows) -> None:
        """Refuses most techniques."""
        served = rows["harvest"] & (rows["status"] == 200)
        refuse(rng, rows, served & (rng.random(rows.size) < self.refusals))
