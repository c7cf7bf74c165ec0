"""`agentic`: tool orchestration with shared schemas and scaffolding; a pivot to another model."""

from __future__ import annotations

import numpy as np

from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.sizing import Published
from stream.simulator.ordinary.base import usual_usage
from stream.simulator.outcome import grow_context
from stream.simulator.phrases import draw
from stream.simulator.randomness import lognormal
from stream.simulator.rewording import reworded
from stream.simulator.rhythm import DAY
from stream.simulator.rows import MODELS, Rows
from stream.simulator.text import CODE


class Agentic(Campaign):
    """Multi-turn trajectories over one set of tools; in mid-campaign half of it changes model."""

    family = "agentic"
    published = Published(273, 733.0, 17.0, "GTG-16006: 3.4M requests, 273 accounts, 17 days")

    def prepare(self, rng: np.random.Generator) -> None:
        """Draws scaffolding, tools, session lengths and the pivot."""
        world = self.world
        self.turns = float(rng.uniform(2.0, 8.0))
        self.think = float(rng.uniform(3.0, 25.0))
        text = " ".join(draw(rng, "scaffold", int(rng.integers(4, 10))))
        count = 1 + int(rng.integers(0, 3)) + round(60 * self.evasions["paraphrase"])
        wordings = [reworded(rng, text, self.evasions["paraphrase"]) for _ in range(count)]
        self.systems = world.add_systems(wordings)
        self.tools = [world.add_toolset(rng, int(rng.integers(4, 14)))] * count
        if self.evasions["paraphrase"]:
            self.tools = [world.add_toolset(rng, int(rng.integers(4, 14))) for _ in range(count)]
        self.pivot = self._pivot(float(rng.uniform(0.3, 0.7)))
        self.to_model = int(rng.choice([0, 2, 3, 4, 5]))
        self.moves = float(rng.uniform(0.4, 0.7))
        self.fresh = float(np.exp(rng.uniform(np.log(60), np.log(400))))

    def _pivot(self, drawn: float) -> float:
        """In mid-campaign; where a new model comes out, within a day of that."""
        release, scenario = self.world.scenario.release_day, self.world.scenario
        if release is None:
            return self.start + (self.end - self.start) * drawn
        return scenario.start + (release + drawn) * DAY

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Scaffolding and tools; after the pivot a share of the accounts on the new model."""
        variant = rows["account"] % self.systems.size
        rows["system"] = self.systems[variant]
        rows["tools"] = np.array(self.tools)[variant]
        later = rows["turn"] > 0
        rows["frame"][later] = -1
        code = later & (rng.random(rows.size) < 0.6)
        rows["style"][code] = rng.integers(CODE.start, CODE.stop, int(code.sum()))
        new = (
            MODELS.index("lyra-4") if self.world.scenario.release_day is not None else self.to_model
        )
        moved = (rows["time"] > self.pivot) & (rows["account"] * 0.61803 % 1.0 < self.moves)
        rows["model"][moved] = new

    def spend(self, rng: np.random.Generator, rows: Rows) -> None:
        """Context that grows with each tool result."""
        fresh = lognormal(rng, self.fresh, 1.2, rows.size).clip(10, 60_000).astype(np.int64)
        grow_context(rows, fresh, *usual_usage(self.world, rng, rows, 1.0))
