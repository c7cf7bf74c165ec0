"""Evidence about one campaign over time, for a plot: `python -m bench.evidence`.

The plain world of `bench.evasions` that holds the family is replayed once more; each test of a tie
is read off the reference curve that the budget is held against (the deployment's own bulk, which
can only draw scores back, is left aside). Writes `evidence.json` into the work folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from bench.evasions import PLAIN, world
from bench.fit_tie_score import LEARNING_EPOCHS
from bench.ties import LabelledTies, collect
from bench.worlds import PAIR_OF, scores_without, weights_id
from models.evidence.tie_score import TieScore, read_score
from models.options import BudgetOptions, EpochOptions
from schemas.codec import decode_truth
from schemas.times import to_microseconds
from schemas.truth import Campaign
from stream.simulator.scenario import FAMILIES

_DAY = 86_400.0
_EPOCHS_A_DAY = round(_DAY / EpochOptions().seconds)
_HOUR_EPOCHS = _EPOCHS_A_DAY // 24

Series = list[tuple[float, float]]


class Evidence(msgspec.Struct, frozen=True):
    """What was known of a campaign, and when; times are days from the run's start.

    Attributes:
        family: The campaign's.
        seed: The world's.
        weights: Name of the weights.
        budget: False alerts a million requests that are allowed.
        own: Hour by hour, how many epochs of a million ordinary requests reach the score of the
            strongest tie of the campaign that was tested.
        ordinary: The same of the strongest ordinary tie.
        harvested: Share of the harvest so far, hour by hour.
        alarm: When the first correct alert was raised, if one was.
    """

    family: str
    seed: int
    weights: str
    budget: float
    own: Series
    ordinary: Series
    harvested: Series
    alarm: float | None


def strongest(ties: LabelledTies, score: TieScore, rows: Iterable[bool]) -> Series:
    """The rarest score of each hour among some tests, where the curve says anything of it."""
    chosen = np.fromiter(rows, np.bool_) & (ties.epochs > LEARNING_EPOCHS)
    scores = score.score(ties.keys[chosen], ties.inputs[chosen].astype(np.float64))
    hours = ties.epochs[chosen] // _HOUR_EPOCHS
    best = {int(hour): float(scores[hours == hour].max()) for hour in np.unique(hours)}
    rarities = {hour: score.reference.epochs.at(value) for hour, value in best.items()}
    return [(hour / 24, rarity) for hour, rarity in rarities.items() if np.isfinite(rarity)]


def harvested(campaign: Campaign, start: float) -> Series:
    """Share of the harvest so far, at the end of each hour with harvest."""
    minutes, counts = np.array(campaign.harvest).T
    shares = np.cumsum(counts) / counts.sum()
    hours = minutes // 60
    ends = np.flatnonzero(np.append(hours[1:] != hours[:-1], True))
    days = ((hours[ends] + 1) * 3600 - start) / _DAY
    return list(zip(days.tolist(), shares[ends].tolist(), strict=True))


def evidence(family: str, work: Path, fitted: Path, seed: int) -> Evidence:
    """The evidence about the campaign of a family."""
    one, text = world(PAIR_OF[family], PLAIN, seed), scores_without(fitted, work)[family]
    directory, score = one.recorded(work), read_score(text)
    truth = decode_truth((directory / "truth.json").read_bytes())
    (place,) = (at for at, each in enumerate(truth.campaigns) if each.family == family)
    found = one.judged(work, text).campaigns[place]
    ties, start = collect(directory), one.scenario.start
    guilty = (ties.shares >= 0.8) & (ties.families == family)
    return Evidence(
        family=family,
        seed=seed,
        weights=weights_id(text),
        budget=BudgetOptions().false_alerts_per_million,
        own=strongest(ties, score, guilty),
        ordinary=strongest(ties, score, ties.shares < 0.2),
        harvested=harvested(truth.campaigns[place], start),
        alarm=None
        if found.time is None
        else (to_microseconds(found.time, "time") / 1e6 - start) / _DAY,
    )


def main() -> None:
    """Write the evidence about one campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="worlds and results")
    option("--fitted", type=Path, default=Path("out/detection"), help="runs fitted on")
    option("--family", choices=FAMILIES, default="template")
    option("--seed", type=int, default=7001)
    arguments = parser.parse_args()
    found = evidence(arguments.family, arguments.work, arguments.fitted, arguments.seed)
    (arguments.work / "evidence.json").write_bytes(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
