"""Few requests an account, few of them harvest: `python -m bench.mixing`.

The published gap of maximum mean discrepancy (MMD, arXiv 2606.05725): in windows of 200 queries of
which 10 % are an attack's it finds a quarter of them. Here accounts send at most 200 requests, 5 %
of them harvest. Two ways to look are put side by side, each at 3 false positives in 1,000:

- Gauger pools over ties. An account's score is the highest of any tie that it was in when that was
  tested, weights fitted without the family. The threshold is passed by 3 in 1,000 accounts of
  attack-free worlds; the share of honest accounts that pass it beside the campaign is told too, and
  who is named in alerts under the budget that ships.
- MMD looks at windows, as published: 200 prompts, 10 of them harvest prompts of the campaign, the
  others drawn from ordinary traffic. That is kinder than real accounts, whose prompts differ from
  all others' in any case. Texts are embedded by hashed grams, and by a sentence model where it is
  installed (`bench/sentences.py`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from bench.peers.embedding import embed, median_distance
from bench.peers.intervals import wilson
from bench.sentences import Sentences, SentencesMissing
from bench.tied import Account, accounts_of
from bench.ties import blocks_of
from bench.worlds import Shape, World, campaigns_of, scores_without
from stream.simulator import Scenario

FAMILIES = ("fragment", "template", "balanced", "agentic", "drip")
"""Families whose harvest is of its own in text, so that MMD has something to see."""

WINDOW = 200
FALSE_POSITIVES = 0.003
_LEAST = 50
_REQUESTS = 160_000
_ACCOUNTS, _RATE, _DAYS = 40, 25.0, 6.0
_QUIET_SEEDS = (7901, 7902)
_REFERENCE, _ORDINARY, _HARVEST = 500, 1_000, 100
_WINDOWS = 2_000

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], Floats]


class Cell(msgspec.Struct, frozen=True):
    """A detector on one campaign: subjects found of those there are, and false ones.

    Attributes:
        family: The campaign's.
        detector: `gauger`, `gauger alerts`, `mmd grams`, `mmd sentences`.
        mixing: Share of the campaign accounts' requests, or of a window, that is harvest.
        found: Campaign accounts (windows) above the threshold.
        tried: All of them.
        accused: Honest accounts (windows) above it.
        honest: All of those.
    """

    family: str
    detector: str
    mixing: float
    found: int
    tried: int
    accused: int
    honest: int


def world(family: str | None, mixing: float, seed: int) -> World:
    """A world with one campaign that mixes so much, or with none."""
    sent = _ACCOUNTS * _RATE * _DAYS
    scenario = Scenario(
        f"mixing-{mixing:g}-{family}" if family else "mixing-quiet",
        campaigns=campaigns_of((family,), {}) if family else (),
        contamination=1.05 * sent / (0.9 * _REQUESTS),
    )
    shape = Shape(_ACCOUNTS, _RATE, _DAYS, cover=1.0 - mixing)
    return World(scenario.name, scenario.scaled(_REQUESTS / scenario.requests), seed, shape)


def comparable(accounts: Sequence[Account]) -> list[Account]:
    """Accounts of at most a window's requests, and enough of them to say anything."""
    return [one for one in accounts if _LEAST <= one.requests <= WINDOW]


def gauger_cells(
    family: str, mixing: float, accounts: list[Account], quiet: list[Account]
) -> Iterator[Cell]:
    """Gauger by its scores of ties, and by its alerts."""
    limit = float(np.quantile([one.score for one in comparable(quiet)], 1.0 - FALSE_POSITIVES))
    for detector, passes in (
        ("gauger", [one.score > limit for one in comparable(accounts)]),
        ("gauger alerts", [one.named for one in comparable(accounts)]),
    ):
        guilty = [one.guilty for one in comparable(accounts)]
        found = sum(passed and own for passed, own in zip(passes, guilty, strict=True))
        yield Cell(
            family, detector, mixing, found, sum(guilty), sum(passes) - found,
            len(guilty) - sum(guilty),
        )  # fmt: skip


def harvest_prompts(world: World, work: Path) -> list[str]:
    """Prompts of a recording that serve the harvest.

    The truth does not say which requests do, so the world's rows are drawn once more.
    """
    directory = world.recorded(work)
    flags = np.concatenate([rows["harvest"] for rows in world.rows(directory)])
    return [
        prompt
        for prompt, harvest in zip(_prompts(directory), flags.tolist(), strict=True)
        if harvest and prompt
    ]


def _prompts(directory: Path) -> Iterator[str | None]:
    for block in blocks_of(directory / "events.jsonl.zst"):
        for line in block:
            yield orjson.loads(line).get("prompt")


class Discrepancy:
    """MMD² of windows of texts against a reference, Gaussian kernel of the median width.

    Args:
        vectors: The reference's texts first, then ordinary ones, then any number of others.
        random: Draws the windows.
    """

    def __init__(self, vectors: Floats, random: np.random.Generator) -> None:
        squares = (vectors**2).sum(axis=1)
        distances = squares[:, None] + squares[None, :] - 2.0 * vectors @ vectors.T
        self._kernel = np.exp(-distances / (2.0 * median_distance(vectors[:_REFERENCE]) ** 2))
        self._across = self._kernel[:, :_REFERENCE].mean(axis=1)
        self._random = random
        self._ordinary = np.arange(_REFERENCE, _REFERENCE + _ORDINARY)

    def windows(self, harvest: NDArray[np.intp], mixed: int, number: int = _WINDOWS) -> Floats:
        """MMD² of a number of windows with so many harvest texts each, up to a constant."""
        drawn = (
            np.concatenate([
                self._random.choice(self._ordinary, WINDOW - mixed, replace=False),
                self._random.choice(harvest, mixed, replace=False),
            ])
            for _ in range(number)
        )  # fmt: skip
        return np.array([self._of(window) for window in drawn])

    def _of(self, window: NDArray[np.intp]) -> float:
        kernel = self._kernel[np.ix_(window, window)]
        within = (kernel.sum() - np.trace(kernel)) / (WINDOW * (WINDOW - 1))
        return float(within - 2.0 * self._across[window].mean())


def mmd_cells(
    name: str, embedded: Embed, ordinary: list[str], harvests: dict[str, list[str]], mixing: float
) -> Iterator[Cell]:
    """MMD on windows of each campaign."""
    texts = ordinary + [text for texts in harvests.values() for text in texts]
    discrepancy = Discrepancy(embedded(texts), np.random.default_rng(1))
    mixed = round(mixing * WINDOW)
    honest = discrepancy.windows(np.arange(_REFERENCE, _REFERENCE + _ORDINARY), 0)
    limit, start = float(np.quantile(honest, 1.0 - FALSE_POSITIVES)), len(ordinary)
    for family, own in harvests.items():
        scores = discrepancy.windows(np.arange(start, start + len(own)), mixed)
        start += len(own)
        found, accused = int((scores > limit).sum()), int((honest > limit).sum())
        yield Cell(family, name, mixing, found, _WINDOWS, accused, _WINDOWS)


def _some(prompts: Sequence[str | None], number: int) -> list[str]:
    worded = [prompt for prompt in prompts if prompt]
    chosen = np.random.default_rng(2).permutation(len(worded))[:number]
    return [worded[place] for place in chosen.tolist()]


def embedders() -> Iterator[tuple[str, Embed]]:
    """What texts can be embedded by here."""
    yield "mmd grams", embed
    try:
        yield "mmd sentences", Sentences().embed
    except SentencesMissing as missing:
        print(f"LEFT OUT: MMD over sentence embeddings, as {missing}", file=sys.stderr)


def measured(
    work: Path, fitted: Path, families: Sequence[str], mixing: float, seed: int
) -> Iterator[Cell]:
    """All cells: Gauger's world by world, then MMD's."""
    scores = scores_without(fitted, work)
    quiet_worlds = [world(None, mixing, one) for one in _QUIET_SEEDS]
    harvests = {}
    for family in families:
        own = world(family, mixing, seed)
        quiet = [one for each in quiet_worlds for one in accounts_of(each, work, scores[family])]
        yield from gauger_cells(family, mixing, accounts_of(own, work, scores[family]), quiet)
        harvests[family] = _some(harvest_prompts(own, work), _HARVEST)
        print(f"replayed {family}", file=sys.stderr)
    prompts = _prompts(quiet_worlds[0].recorded(work))
    ordinary = _some(list(prompts), _REFERENCE + _ORDINARY)
    for name, embedded in embedders():
        yield from mmd_cells(name, embedded, ordinary, harvests, mixing)


def table(found: list[Cell]) -> Iterator[str]:
    """True and false positives by family and detector, and over all families."""
    yield "| detector | family | found | share | 95 % | false positives |"
    yield "|" + " --- |" * 6
    for detector in dict.fromkeys(cell.detector for cell in found):
        own = [cell for cell in found if cell.detector == detector]
        for family in (*dict.fromkeys(cell.family for cell in own), "all"):
            part = [cell for cell in own if family in {cell.family, "all"}]
            hits, tried = sum(cell.found for cell in part), sum(cell.tried for cell in part)
            accused, honest = sum(cell.accused for cell in part), sum(cell.honest for cell in part)
            low, high = wilson(hits, tried)
            yield (
                f"| {detector} | {family} | {hits} of {tried} | {hits / max(1, tried):.3f} "
                f"| {low:.2f}–{high:.2f} | {accused / max(1, honest):.4f} |"
            )


def main() -> None:
    """Measure, write all cells and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="worlds and results")
    option("--fitted", type=Path, default=Path("out/detection"), help="runs fitted on")
    option("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    option("--mixing", type=float, default=0.05, help="share of requests that is harvest")
    option("--seed", type=int, default=7101)
    arguments = parser.parse_args()
    found: list[Cell] = []
    for cell in measured(
        arguments.work, arguments.fitted, arguments.families, arguments.mixing, arguments.seed
    ):
        found.append(cell)
        path = arguments.work / "mixing.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
