"""Detection under single evasions, and from metadata alone: `python -m bench.evasions`.

Two families to a world of about 160,000 requests, each with 1 % of them, cover included, judged
with weights that never saw either. The same seed gives all conditions of a pair the same ordinary
traffic. Writes `evasions.json` into the work folder and prints the share leaked by family.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import fmean, median

import msgspec

from bench.detection import LEFT_OUT
from bench.worlds import World, campaigns_of, scores_without, weights_id
from models.judging.judgement import Judgement
from stream.simulator.leakage import LeakError
from stream.simulator.scenario import EVASIONS, FAMILIES, Scenario

INTENSITY = 0.5
PLAIN, METADATA = "none", "metadata"
CONDITIONS = (PLAIN, *EVASIONS, METADATA)
TEXT_ALONE = "fragment"
"""The family that shows in text alone: from metadata nobody can be asked to find it."""

_REQUESTS = 160_000
_CONTAMINATION = 0.02


class Cell(msgspec.Struct, frozen=True):
    """One campaign under one condition.

    Attributes:
        family: Its family.
        condition: The evasion, `none`, or `metadata`.
        seed: The world's.
        weights: Name of the weights judged with.
        leaked: Share of the harvest before the first correct alert; 1 when there is none.
        recall: Share of its accounts that correct alerts name.
        accounts: Its accounts.
        alerts: Findings in its world, which holds another campaign.
        false_alerts: Those of them that are false.
    """

    family: str
    condition: str
    seed: int
    weights: str
    leaked: float
    recall: float
    accounts: int
    alerts: int
    false_alerts: int


def world(pair: tuple[str, ...], condition: str, seed: int) -> World:
    """The world of a pair of families under a condition."""
    evasions = {condition: INTENSITY} if condition in EVASIONS else {}
    scenario = Scenario(
        f"{'+'.join(pair)}-{condition}",
        days=14.0 if "drip" in pair else 8.0,
        contamination=_CONTAMINATION,
        campaigns=campaigns_of(pair, evasions),
        metadata_only=condition == METADATA,
    )
    return World(scenario.name, scenario.scaled(_REQUESTS / scenario.requests), seed)


def cells(judgement: Judgement, condition: str, seed: int, weights: str) -> Iterator[Cell]:
    """The campaigns of a judged world."""
    for one in judgement.campaigns:
        yield Cell(
            family=one.family,
            condition=condition,
            seed=seed,
            weights=weights,
            leaked=1.0 if one.leaked is None else one.leaked,
            recall=one.recall,
            accounts=one.accounts,
            alerts=len(judgement.alerts),
            false_alerts=judgement.false_alerts,
        )


def measured(
    work: Path, fitted: Path, conditions: Iterable[str], seeds: Iterable[int]
) -> Iterator[list[Cell]]:
    """The cells of each world, as soon as it is judged."""
    scores = scores_without(fitted, work)
    for seed in seeds:
        for condition in conditions:
            for pair in LEFT_OUT:
                score = scores[pair[0]]
                try:
                    judgement = world(pair, condition, seed).judged(work, score)
                except LeakError as error:
                    # Such a world would say nothing: another seed may draw one that can be judged.
                    sys.stderr.write(f"left out {'+'.join(pair)} {condition} {seed}: {error}\n")
                    continue
                sys.stderr.write(f"judged {'+'.join(pair)} {condition} {seed}\n")
                yield list(cells(judgement, condition, seed, weights_id(score)))


def table(found: list[Cell]) -> Iterator[str]:
    """Leaked by family and condition, medians over seeds; last the median over the evasions."""
    conditions = [one for one in CONDITIONS if any(cell.condition == one for cell in found)]
    yield f"| family | {' | '.join(conditions)} | median of evasions |"
    yield "|" + " --- |" * (len(conditions) + 2)
    for family in FAMILIES:
        own = [cell for cell in found if cell.family == family]
        evading = [cell.leaked for cell in own if cell.condition in EVASIONS]
        shown = [
            "not in it"
            if (family, one) == (TEXT_ALONE, METADATA)
            else _median(cell.leaked for cell in own if cell.condition == one)
            for one in conditions
        ]
        yield f"| `{family}` | {' | '.join(shown)} | {_median(evading)} |"


def false_share(found: Iterable[Cell]) -> float:
    """Mean over the worlds of the share of their alerts that are false."""
    worlds = {(cell.condition, cell.seed, cell.weights): cell for cell in found}
    return fmean(cell.false_alerts / max(1, cell.alerts) for cell in worlds.values())


def _median(leaked: Iterable[float]) -> str:
    values = list(leaked)
    return f"{100 * median(values):.1f} %" if values else ""


def main() -> None:
    """Judge what is missing, write all cells and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="worlds and results")
    option("--fitted", type=Path, default=Path("out/detection"), help="runs fitted on")
    option("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    option("--seeds", nargs="+", type=int, default=[7001])
    arguments = parser.parse_args()
    found: list[Cell] = []
    for part in measured(arguments.work, arguments.fitted, arguments.conditions, arguments.seeds):
        found += part
        # After each world, so that what was measured is there to look at.
        path = arguments.work / "evasions.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print("\n".join(table(found)))
    print(f"false-discovery share, mean over the worlds: {false_share(found):.3f}")


if __name__ == "__main__":
    main()
