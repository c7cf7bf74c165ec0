"""`template`: paraphrased templates on one capability, dealt out over many accounts."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.phrases import bank, expand
from stream.simulator.randomness import zipf_weights
from stream.simulator.rewording import reworded
from stream.simulator.rows import Rows

_BANKS = ("reasoning", "tasks", "rewriting")


class Template(Campaign):
    """Few templates in many wordings around bodies of one topic."""

    family = "template"
    published = Published(
        25_000, 25.6, 45.0, "letter of 10 June 2026: 28.8M requests, 25,000 accounts, 45 days"
    )
    banks = _BANKS

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws the templates, their wordings and the topic."""
        phrases = bank(str(rng.choice(self.banks)))
        chosen = [
            phrases[i] for i in rng.choice(len(phrases), int(rng.integers(1, 3)), replace=False)
        ]
        wordings = int(rng.integers(20, 400))
        spoken = [expand(rng, chosen[i % len(chosen)]) for i in range(wordings)]
        self.frames = self.world.add_frames([self._wording(rng, phrase) for phrase in spoken])
        self.popularity = zipf_weights(wordings, float(rng.uniform(0.0, 0.8)))
        self.topic = int(self.harvest_styles(rng, 1)[0])

    def _wording(self, rng: np.random.Generator, phrase: str) -> str:
        intensity = 0.15 + 0.85 * self.evasions["paraphrase"]
        return " ~ ".join(reworded(rng, part, intensity) for part in phrase.split(" ~ "))

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Bodies of one topic in one of the wordings."""
        rows["frame"] = self.frames[rng.choice(self.frames.size, rows.size, p=self.popularity)]
        rows["style"] = self.topic
