"""What it costs a campaign to stay under the alarm for a fortnight: `python -m bench.evasion_cost`.

An attacker's simplest way out is to ask less. Each family harvests with 30 accounts for 14 days at
falling rates, everything else as published, in worlds of 160,000 ordinary requests; two families to
a world, weights fitted without them. *Throughput* is harvest requests a day and account, *kept* its
share of the published rate, *given up* what is missing to one. A rate escapes when no alert is
correct for the campaign in all 14 days. With `--evasions NAME` the campaigns also use that evasion
at full intensity. Writes `evasion_cost.json` into the work folder and prints a table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bench.detection import LEFT_OUT
from bench.worlds import CLASS_OF, Shape, World, campaigns_of, scores_without, weights_id
from models.judging.judgement import CampaignJudgement
from schemas.codec import decode_truth
from schemas.truth import Campaign
from stream.simulator import Scenario
from stream.simulator.scenario import EVASIONS, FAMILIES

RATES = (16.0, 4.0, 1.0, 0.25)
"""Requests a day and account, cover included."""

DAYS = 14.0
_LEARNING_DAYS = 2.0
_ACCOUNTS = 30
_REQUESTS = 160_000


class Point(msgspec.Struct, frozen=True):
    """A campaign at one rate.

    Attributes:
        family: Its family.
        evasion: What it does besides, or `none`.
        seed: The world's.
        weights: Name of the weights judged with.
        throughput: Harvest requests a day and account.
        kept: The same over what is published for the family.
        alarmed_after: Days from its first harvest request to the first correct alert; None without.
        harvested: Harvest requests before that alert, or in all 14 days.
    """

    family: str
    evasion: str
    seed: int
    weights: str
    throughput: float
    kept: float
    alarmed_after: float | None
    harvested: int


def world(pair: tuple[str, ...], evasion: str | None, rate: float, seed: int) -> World:
    """Two campaigns of 30 accounts that last 14 days."""
    days = DAYS + _LEARNING_DAYS
    name = f"cost-{'+'.join(pair)}-{evasion or 'none'}-{rate:g}"
    sent = len(pair) * _ACCOUNTS * rate * DAYS
    scenario = Scenario(
        name,
        days=days,
        warm_up=_LEARNING_DAYS / days,
        contamination=1.05 * sent / (0.9 * _REQUESTS),
        campaigns=campaigns_of(pair, {evasion: 1.0} if evasion else {}),
    )
    shape = Shape(_ACCOUNTS, rate, DAYS)
    return World(name, scenario.scaled(_REQUESTS / scenario.requests), seed, shape)


def point(
    found: CampaignJudgement, truth: Campaign, evasion: str | None, seed: int, weights: str
) -> Point:
    """What became of a campaign."""
    harvest = sum(requests for _, requests in truth.harvest)
    throughput = harvest / _ACCOUNTS / DAYS
    leaked = 1.0 if found.leaked is None else found.leaked
    return Point(
        family=found.family,
        evasion=evasion or "none",
        seed=seed,
        weights=weights,
        throughput=throughput,
        kept=throughput / CLASS_OF[found.family].published.rate,
        alarmed_after=None if found.seconds is None else found.seconds / 86_400.0,
        harvested=round(leaked * harvest),
    )


def measured(
    work: Path, fitted: Path, evasion: str | None, rates: Sequence[float], seed: int
) -> Iterator[list[Point]]:
    """The points of each world, as soon as it is judged."""
    scores = scores_without(fitted, work)
    for rate in rates:
        for pair in LEFT_OUT:
            score = scores[pair[0]]
            one = world(pair, evasion, rate, seed)
            verdict = one.judged(work, score)
            truth = decode_truth((one.recorded(work) / "truth.json").read_bytes())
            sys.stderr.write(f"judged {one.name}\n")
            yield [
                point(found, campaign, evasion, seed, weights_id(score))
                for found, campaign in zip(verdict.campaigns, truth.campaigns, strict=True)
            ]


def given_up(points: Sequence[Point]) -> float | None:
    """Throughput given up at the highest rate that escapes; None when no measured rate does."""
    escaped = [one.kept for one in points if one.alarmed_after is None]
    return 1.0 - max(escaped) if escaped else None


def table(points: Sequence[Point]) -> Iterator[str]:
    """Days to the alarm by family and rate, and what the attacker gives up."""
    yield "| family | evasion | throughput (of the published): days to the alarm | given up |"
    yield "|" + " --- |" * 4
    for family in FAMILIES:
        for evasion in dict.fromkeys(one.evasion for one in points):
            own = [one for one in points if (one.family, one.evasion) == (family, evasion)]
            share, cells = given_up(own), ", ".join(map(_shown, own))
            least = 1.0 - min((one.kept for one in own), default=1.0)
            told = f"over {100 * least:.1f} %" if share is None else f"{100 * share:.1f} %"
            yield f"| `{family}` | {evasion} | {cells} | {told} |"


def _shown(one: Point) -> str:
    days = "none" if one.alarmed_after is None else f"{one.alarmed_after:.1f}"
    return f"{one.throughput:.2g} ({100 * one.kept:.2g} %): {days}"


def main() -> None:
    """Judge what is missing, write all points and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="worlds and results")
    option("--fitted", type=Path, default=Path("out/detection"), help="runs fitted on")
    option("--evasions", nargs="*", choices=EVASIONS, default=[], help="at full intensity")
    option("--rates", nargs="+", type=float, default=list(RATES))
    option("--seed", type=int, default=7201)
    arguments = parser.parse_args()
    points: list[Point] = []
    for evasion in (None, *arguments.evasions):
        for found in measured(
            arguments.work, arguments.fitted, evasion, arguments.rates, arguments.seed
        ):
            points += found
            path = arguments.work / "evasion_cost.json"
            path.write_bytes(msgspec.json.format(msgspec.json.encode(points)))
    print("\n".join(table(points)))


if __name__ == "__main__":
    main()
