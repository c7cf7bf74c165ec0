"""Prompt text in the style of real corpora: word chains learned at run time, some rows verbatim.

Chains are of second order with frequent backing off, so that hundreds of thousands of prompts can
be drawn from some thousand rows without every row coming back a hundred times. Nothing learned here
is stored.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from stream.simulator.chain import Chain
from stream.simulator.randomness import Ints, Streams, pick
from stream.simulator.text import STYLES, TOPICS, Writer

Sources: TypeAlias = Literal["fit", "test", "all"]

ORDINARY, AUTOMATION, HARVEST = "benign", "benign_automation", "distillation"
_VERBATIM = 0.03
_WORDS_A_SOURCE = 150_000


class CorpusError(ValueError):
    """A folder of prompts without what is needed; the message names it."""


class CorpusText:
    """Texts from the corpora in a folder; other languages and code stay our own chains.

    Styles below TOPICS each follow one ordinary source; styles from STYLES on, one source each, are
    those of campaigns.
    """

    def __init__(self, folder: Path, sources: Sources, streams: Streams) -> None:
        rng = streams.named("corpus")
        self._writer = Writer(streams)
        self._ordinary = read_group(folder, ORDINARY, sources)
        self._automation = read_group(folder, AUTOMATION, sources)
        self._harvest = read_group(folder, HARVEST, sources)
        groups = [*self._ordinary.values(), *self._harvest.values()]
        self._rows = [sampled(rng, rows, _WORDS_A_SOURCE) for rows in groups]
        self._chain = Chain(self._rows)
        sizes = np.sqrt([float(len(rows)) for rows in self._ordinary.values()])
        self._source_of = np.full(STYLES + len(self._harvest), -1, dtype=np.int64)
        self._source_of[:TOPICS] = pick(rng, list(sizes), TOPICS)
        self._source_of[STYLES:] = len(self._ordinary) + np.arange(len(self._harvest))

    def write(self, rng: np.random.Generator, styles: Ints, words: Ints) -> list[str]:
        """One text for each row; a few of them rows of the corpus as they are."""
        source = self._source_of[styles]
        texts = self._writer.write(rng, np.where(source < 0, styles, 0), words * (source < 0))
        rows = np.flatnonzero((source >= 0) & (words > 0))
        chained = self._chain.texts(rng, source[rows], words[rows])
        verbatim = rng.random(rows.size) < _VERBATIM
        draws = rng.random(rows.size)
        for row, text, exact, draw in zip(
            rows.tolist(), chained, verbatim.tolist(), draws.tolist(), strict=True
        ):
            own = self._rows[source[row]]
            texts[row] = own[int(draw * len(own))] if exact else text
        return texts

    def benchmark(self, rng: np.random.Generator, size: int) -> list[str]:
        """Rows of the automation sources."""
        groups = list(self._automation.values())
        which = rng.integers(0, len(groups), 1 + size // 200)[np.arange(size) // 200].tolist()
        return [groups[i][int(rng.integers(0, len(groups[i])))] for i in which]

    def harvest_styles(self, rng: np.random.Generator, size: int) -> Ints | None:
        """A campaign keeps to one or two of the distillation sources."""
        kept = rng.choice(
            len(self._harvest), min(len(self._harvest), int(rng.integers(1, 3))), replace=False
        )
        return STYLES + kept[rng.integers(0, kept.size, size)]


def read_group(folder: Path, group: str, sources: Sources) -> dict[str, list[str]]:
    """The prompts of each source of a group that belongs to the side asked for."""
    names = sorted(path.name for path in (folder / group).glob("*.jsonl.gz"))
    found = {name: read_prompts(folder / group / name) for name in on_side(names, sources)}
    if not found:
        raise CorpusError(f"no sources for {sources!r} in {folder / group}")
    return found


def on_side(names: list[str], sources: Sources) -> list[str]:
    """The sources of one side: in the order of a keyed hash every other one is for fitting.

    So the sides are of equal size and no source is on both.
    """
    ordered = sorted(names, key=lambda name: hashlib.blake2b(name.encode(), key=b"sides").digest())
    return {"fit": ordered[::2], "test": ordered[1::2], "all": ordered}[sources]


def read_prompts(path: Path) -> list[str]:
    """The prompts of a gzip'd file of JSON lines."""
    with gzip.open(path, "rb") as lines:
        return [row["prompt"] for row in map(orjson.loads, lines) if row.get("prompt", "").strip()]


def sampled(rng: np.random.Generator, rows: list[str], words: int) -> list[str]:
    """Rows in random order until about that many words are reached."""
    order: NDArray[np.int64] = rng.permutation(len(rows))
    kept: list[str] = []
    total = 0
    for number in order.tolist():
        kept.append(rows[number])
        total += rows[number].count(" ") + 1
        if total >= words:
            break
    return kept
