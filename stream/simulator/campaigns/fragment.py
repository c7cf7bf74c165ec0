"""`fragment`: one fixed fragment in every request, at any position of otherwise varied prompts."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.phrases import draw
from stream.simulator.rewording import reworded
from stream.simulator.rows import Rows

_VARIANTS = 4000


class Fragment(Campaign):
    """Varied prompts that all carry one demand, in front, behind or somewhere inside."""

    family = "fragment"
    published = Published(3_500, 857.0, 60.0, "GTG-16005: over 3,500 accounts, 3M requests a day")

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws the fragment, its place and, with paraphrase, its wordings."""
        sentences = draw(rng, "fragments", int(rng.integers(1, 4)))
        intensity = self.evasions["paraphrase"]
        text = " ".join(dict.fromkeys(sentences))
        variants = (
            [text] if intensity == 0 else [reworded(rng, text, intensity) for _ in range(_VARIANTS)]
        )
        self.numbers = self.world.add_fragments(variants)
        self.place = rng.choice(["front", "behind", "inside", "anywhere"])

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Varied prompts with the fragment in its place."""
        rows["fragment"] = self.numbers[rng.integers(0, self.numbers.size, rows.size)]
        places = {"front": 0.0, "behind": 1.0}
        rows["position"] = places.get(str(self.place), 0.0)
        if self.place == "inside":
            rows["position"] = rng.uniform(0.15, 0.85, rows.size)
        if self.place == "anywhere":
            rows["position"] = np.clip(rng.uniform(-0.3, 1.3, rows.size), 0.0, 1.0)
