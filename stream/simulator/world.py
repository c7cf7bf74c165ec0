"""What all traffic of a run shares: accounts, networks, texts, model releases."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Population
from stream.simulator.networks import Networks
from stream.simulator.phrases import bank, draw, framed
from stream.simulator.randomness import Ints, Streams, zipf_weights
from stream.simulator.scenario import Scenario
from stream.simulator.text import CODE, ENGLISH, FOREIGN, TextSource, Writer


class World:
    """Tables that rows refer to by number, filled before the first event is generated."""

    def __init__(
        self, scenario: Scenario, streams: Streams, text: TextSource | None = None
    ) -> None:
        self.scenario = scenario
        self.streams = streams
        self.text = text or Writer(streams)
        self.networks = Networks(streams.named("networks"), scenario.accounts)
        self.people = Population(
            streams.named("accounts"), self.networks, scenario.start, scenario.end
        )
        self.systems: list[str] = []
        self.frames: list[tuple[str, str]] = []
        self.fixed: list[str] = []
        self.fragments: list[str] = []
        self.toolsets: list[list[str]] = []
        rng = streams.named("world")
        self.openers = self._common_frames(rng)
        self.greetings = self.add_fixed(draw(rng, "greetings", 60))
        self.viral = self.add_fixed(bank("viral"))

    def _common_frames(self, rng: np.random.Generator) -> Ints:
        heads, tails = draw(rng, "openers", 900), draw(rng, "closers", 900)
        return self.add_frames(
            [f"{head} ~ {tail}" for head, tail in zip(heads, tails, strict=True)]
        )

    def add_systems(self, texts: list[str]) -> Ints:
        """Numbers of new system texts."""
        self.systems.extend(texts)
        return np.arange(len(self.systems) - len(texts), len(self.systems))

    def add_frames(self, phrases: list[str]) -> Ints:
        """Numbers of new frames; each phrase is what goes before and after the body."""
        self.frames.extend(framed(phrase) for phrase in phrases)
        return np.arange(len(self.frames) - len(phrases), len(self.frames))

    def add_fixed(self, texts: list[str]) -> Ints:
        """Numbers of new whole prompts."""
        self.fixed.extend(texts)
        return np.arange(len(self.fixed) - len(texts), len(self.fixed))

    def add_fragments(self, texts: list[str]) -> Ints:
        """Numbers of new fragments."""
        self.fragments.extend(texts)
        return np.arange(len(self.fragments) - len(texts), len(self.fragments))

    def add_toolset(self, rng: np.random.Generator, size: int) -> int:
        """The number of a new list of tool names."""
        names = bank("tools")
        chosen = rng.choice(len(names), min(size, len(names)), replace=False)
        self.toolsets.append([names[i] for i in chosen.tolist()])
        return len(self.toolsets) - 1

    def prose(self, rng: np.random.Generator, style: int, words: list[int]) -> list[str]:
        """Texts in one style."""
        sizes = np.array(words, dtype=np.int64)
        return self.text.write(rng, np.full(sizes.size, style, dtype=np.int64), sizes)

    def styles(
        self, rng: np.random.Generator, size: int, code: float = 0.1, foreign: float = 0.2
    ) -> Ints:
        """A usual way of writing for each account."""
        kind = rng.random(size)
        english = rng.choice(len(ENGLISH), size, p=zipf_weights(len(ENGLISH), 0.5))
        other = FOREIGN.start + rng.choice(len(FOREIGN), size, p=zipf_weights(len(FOREIGN), 0.5))
        program = rng.integers(CODE.start, CODE.stop, size)
        return np.where(kind < code, program, np.where(kind < code + foreign, other, english))
