"""False alerts and p-values on attack-free traffic: `python -m bench.quiet`.

Fortnights with all look-alikes, customers that arrive, migrate and upgrade; some with the release
of a model in their middle, some of them without any text. All with the weights that ship. Writes
`quiet.json` into the work folder and prints the pooled figures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.detection import QUIET_RUNS, replay, simulate
from bench.fit_tie_score import LEARNING_EPOCHS
from bench.peers.intervals import poisson
from bench.worlds import World, weights_id
from models.judging.judge import judge
from schemas.codec import decode_truth
from schemas.times import to_microseconds
from stream.replay.outcome import Outcome
from stream.simulator import Scenario

LEVELS = tuple(float(f"{10.0 ** (-place / 4):.4g}") for place in range(21))
"""P-values at which tests are counted, falling."""

KINDS = ("fortnight", "release", "release-metadata")
_RELEASES = (401, 402, 403, 404)
_MICROSECONDS = 86_400e6


class Quiet(msgspec.Struct, frozen=True):
    """An attack-free run.

    Attributes:
        kind: Which of `KINDS`.
        seed: The run's.
        weights: Name of the weights.
        requests: Its requests.
        days: Event time from the first to the last.
        false_after: Days from the first request to each false alert.
        tests: Tests of ties after learning.
        reached: Those with a p-value of at most each of `LEVELS`.
    """

    kind: str
    seed: int
    weights: str
    requests: int
    days: float
    false_after: list[float]
    tests: int
    reached: list[int]


class Values:
    """Counts the p-values of all tests after the learning period."""

    def __init__(self) -> None:
        self.tests = 0
        self.reached = np.zeros(len(LEVELS), np.int64)
        self._first: int | None = None

    def __call__(self, outcome: Outcome) -> None:
        """Take note of what a step gave."""
        for epoch, values in outcome.values:
            self._first = epoch if self._first is None else self._first
            if epoch - self._first > LEARNING_EPOCHS:
                self.tests += len(values.p_values)
                self.reached += _reached(values.p_values)


def _reached(p_values: NDArray[np.float64]) -> NDArray[np.int64]:
    reached: NDArray[np.int64] = (p_values[None, :] <= np.array(LEVELS)[:, None]).sum(axis=1)
    return reached


def directory_of(kind: str, seed: int, work: Path, fitted: Path) -> Path:
    """The recording of a run, made if missing."""
    if kind == "fortnight":
        return simulate("quiet", seed, fitted)
    scenario = Scenario(kind, days=14.0, release_day=7.0, metadata_only=kind.endswith("metadata"))
    return World(kind, scenario, seed).recorded(work)


def watched(directory: Path, kind: str, seed: int) -> Quiet:
    """Replay a run with the weights that ship."""
    values = Values()
    found = replay(directory, None, watch=values)
    verdict = judge(
        found.alerts, decode_truth((directory / "truth.json").read_bytes()), found.traffic
    )
    return Quiet(
        kind=kind,
        seed=seed,
        weights=weights_id(None),
        requests=found.traffic.requests,
        days=verdict.days,
        false_after=[
            (to_microseconds(alert.time, "time") - found.traffic.first) / _MICROSECONDS
            for alert in verdict.alerts
            if alert.verdict == "false"
        ],
        tests=values.tests,
        reached=values.reached.tolist(),
    )


def measured(work: Path, fitted: Path, kinds: Iterable[str], most: int) -> Iterator[Quiet]:
    """At most so many runs of each kind; what was replayed with the same weights is not again."""
    for kind in kinds:
        for seed in (QUIET_RUNS if kind == "fortnight" else _RELEASES)[:most]:
            kept = work / "results" / f"quiet-{kind}-{seed}-{weights_id(None)}.json"
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                found = watched(directory_of(kind, seed, work, fitted), kind, seed)
                kept.write_bytes(msgspec.json.encode(found))
                sys.stderr.write(f"watched {kind} {seed}\n")
            yield msgspec.json.decode(kept.read_bytes(), type=Quiet)


class Pooled(NamedTuple):
    """Runs taken together; `most` is the upper end of the 95 % interval of the alerts a million."""

    requests: int
    days: float
    false_alerts: int
    per_million: float
    most: float
    per_day: float


def pooled(runs: list[Quiet]) -> Pooled:
    """False alerts over all runs, with Garwood's exact Poisson bound."""
    requests, days = sum(run.requests for run in runs), sum(run.days for run in runs)
    false = sum(len(run.false_after) for run in runs)
    return Pooled(
        requests, days, false, 1e6 * false / requests, 1e6 * poisson(false).high / requests,
        false / days,
    )  # fmt: skip


def table(runs: list[Quiet]) -> Iterator[str]:
    """Figures by kind of run, then of all."""
    yield "| runs | requests | days | false alerts | a million | at most (95 %) | a day |"
    yield "|" + " --- |" * 7
    for kind in (*KINDS, "all"):
        own = [run for run in runs if kind in {run.kind, "all"}]
        if own:
            one = pooled(own)
            yield (
                f"| {len(own)} {kind} | {one.requests:,} | {one.days:.0f} | {one.false_alerts} "
                f"| {one.per_million:.2f} | {one.most:.2f} | {one.per_day:.3f} |"
            )


def main() -> None:
    """Replay what is missing, write all runs and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/detection"), help="worlds and results")
    option("--fitted", type=Path, default=Path("out/detection"), help="fortnights judged before")
    option("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    option("--most", type=int, default=len(QUIET_RUNS), help="runs of a kind")
    arguments = parser.parse_args()
    runs: list[Quiet] = []
    for run in measured(arguments.work, arguments.fitted, arguments.kinds, arguments.most):
        runs.append(run)
        path = arguments.work / "quiet.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(runs)))
    print("\n".join(table(runs)))


if __name__ == "__main__":
    main()
