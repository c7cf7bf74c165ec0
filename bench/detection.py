"""Detection figures: `python -m bench.detection` (`make bench-detection`).

Every family is judged with weights that never saw it: the tie score is fitted four times, each time
with two families left out, on runs whose texts come from the sources set aside for fitting; the
judged runs take theirs from the other sources. Thresholds are the shipped budget's, the same for
all. False alerts are counted on attack-free fortnights with the weights that ship.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson

from bench.corpora import prompts_directory
from bench.fit_tie_score import as_toml, fit, prepare
from bench.fitting_runs import RUNS
from bench.ties import outcomes
from models.evidence.tie_score import read_score, shipped
from models.judging.judge import judge
from models.judging.judgement import Judgement, Traffic
from schemas.alert import AlertEvent
from schemas.codec import decode_truth
from stream.replay.local import LocalRun
from stream.replay.outcome import Outcome
from stream.settings import Settings
from stream.simulator import named_scenario, write_scenario

LEFT_OUT = (
    ("fragment", "hydra"),
    ("template", "relay"),
    ("balanced", "probe"),
    ("agentic", "drip"),
)
CAMPAIGN_RUNS = (
    ("all@1/3", 201),
    ("all@1/3", 203),
    ("all@1/3", 204),
    ("all@1/3", 205),
    ("all", 206),
)
QUIET_RUNS = tuple(range(303, 311))
_FORTNIGHT = 14.0


def simulate(name: str, seed: int, work: Path) -> Path:
    """A judged run, texts from the sources set aside for testing; kept in `work`."""
    directory = work / f"{name.replace('/', '-')}-{seed}"
    if not (directory / "truth.json").exists():
        scenario = named_scenario(name)
        if name == "quiet":
            scenario = replace(scenario, days=_FORTNIGHT)
        write_scenario(scenario, seed, directory, prompts_directory(), "test")
    return directory


class Replay(NamedTuple):
    """What a replay gave: alerts, and the size and span of what was read."""

    alerts: list[AlertEvent]
    traffic: Traffic


def replay(
    directory: Path,
    score: str | None,
    settings: Settings | None = None,
    watch: Callable[[Outcome], None] | None = None,
) -> Replay:
    """Replay a simulated run with a tie score (TOML), or with the shipped one.

    `watch` is shown what each step gave, values of ties included.
    """
    run = LocalRun(
        settings or Settings(),
        keep_values=watch is not None,
        account_scores=False,
        score=read_score(score) if score else shipped(),
    )
    alerts: list[AlertEvent] = []
    first = 0
    for outcome in outcomes(run, directory):
        alerts.extend(outcome.alerts)
        if watch is not None:
            watch(outcome)
        first = first or run.watermark or 0
    return Replay(alerts, Traffic(run.counters.events, first, run.watermark or first))


def replayed(directory: Path, score: str | None) -> Judgement:
    """Judge the alerts that a replay gives."""
    found = replay(directory, score)
    truth = decode_truth((directory / "truth.json").read_bytes())
    return judge(found.alerts, truth, found.traffic)


def _judged(job: tuple[str, int, str | None, Path]) -> Judgement:
    name, seed, score, work = job
    result = replayed(simulate(name, seed, work), score)
    sys.stderr.write(f"judged {name} seed {seed}\n")
    return result


def left_out_scores(work: Path, pool: ProcessPoolExecutor) -> list[str]:
    """Tie scores (TOML) that saw none of the families of `LEFT_OUT`, in its order."""
    runs = list(pool.map(prepare, RUNS, [work] * len(RUNS)))
    return [as_toml(fit(runs, families), "families left out") for families in LEFT_OUT]


def campaign_rows(work: Path, pool: ProcessPoolExecutor) -> list[dict[str, object]]:
    """One row a family: leak over the runs, precision and recall of the accounts named."""
    scores = left_out_scores(work, pool)
    # Simulated once each before the replays share them.
    list(pool.map(simulate, *zip(*CAMPAIGN_RUNS, strict=True), [work] * len(CAMPAIGN_RUNS)))
    jobs = [(name, seed, score, work) for score in scores for name, seed in CAMPAIGN_RUNS]
    results = list(pool.map(_judged, jobs))
    rows: list[dict[str, object]] = []
    for number, families in enumerate(LEFT_OUT):
        mine = results[number * len(CAMPAIGN_RUNS) : (number + 1) * len(CAMPAIGN_RUNS)]
        rows.extend(_row(family, mine) for family in families)
    return rows


def _row(family: str, results: list[Judgement]) -> dict[str, object]:
    found = [one for result in results for one in result.campaigns if one.family == family]
    leaked = [1.0 if one.leaked is None else one.leaked for one in found]
    return {
        "family": family,
        "found": f"{sum(one.found for one in found)}/{len(found)}",
        "median_leaked": round(median(leaked), 4),
        "leaked": [round(share, 3) for share in leaked],
        "recall": round(median(one.recall for one in found), 3),
        "precision": [round(result.precision or 0.0, 3) for result in results],
    }


def quiet_row(work: Path, pool: ProcessPoolExecutor) -> dict[str, object]:
    """False alerts over attack-free fortnights, pooled."""
    jobs = [("quiet", seed, None, work) for seed in QUIET_RUNS]
    results = list(pool.map(_judged, jobs))
    requests = sum(result.benign_requests for result in results)
    false = sum(result.false_alerts for result in results)
    return {
        "requests": requests,
        "false_alerts": false,
        "per_million": round(false / requests * 1e6, 3),
        "per_day": round(false / sum(result.days for result in results), 4),
    }


def main() -> None:
    """Print the figures as JSON lines, one a family and one for quiet traffic."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--work", type=Path, default=Path("out/detection"), help="simulated runs are kept here"
    )
    work = parser.parse_args().work
    with ProcessPoolExecutor(2) as pool:
        for row in [*campaign_rows(work, pool), quiet_row(work, pool)]:
            sys.stdout.write(orjson.dumps(row).decode() + "\n")


if __name__ == "__main__":
    main()
