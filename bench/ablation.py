"""What each signal is worth: `python -m bench.ablation` (`make bench-ablation`).

The tie score is fitted anew without the inputs of one signal after the other, each time with the
judged family left out, and its threshold is taken anew from the attack-free runs. The tests of the
judged runs are then read against it: inputs do not depend on weights, so every run is replayed
once. A campaign counts as found when a tie that is mostly its own reaches the threshold; what
becomes of ties after that (clusters, naming) takes no part here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from bench.detection import CAMPAIGN_RUNS, LEFT_OUT, QUIET_RUNS, simulate
from bench.fit_tie_score import LEARNING_EPOCHS, Fit, fit, prepare
from bench.fitting_runs import RUNS
from bench.ties import LabelledTies, collect
from models.evidence.calibration import Curve
from models.evidence.tie_score import INPUT_NAMES
from models.options import BudgetOptions
from models.signals import SIGNAL_OF, SIGNALS

_GUILTY = 0.8
_EPOCHS_AN_HOUR = 12


class Judged(NamedTuple):
    """The tests of runs that took no part in fitting."""

    campaigns: list[LabelledTies]
    quiet: list[LabelledTies]


def inputs_of(signal: str) -> NDArray[np.intp]:
    """Places of the inputs that a signal contributes."""
    features = {feature for feature, owner in SIGNAL_OF.items() if owner == signal}
    places = [place for place, name in enumerate(INPUT_NAMES) if name.partition(".")[0] in features]
    return np.array(places, np.intp)


def without(ties: LabelledTies, places: NDArray[np.intp]) -> LabelledTies:
    """The same tests with some inputs at zero, which is what says nothing."""
    inputs = ties.inputs.copy()
    inputs[:, places] = 0.0
    return replace(ties, inputs=inputs)


def threshold(found: Fit) -> float:
    """The score that ordinary traffic reaches as often as the budget allows."""
    if found.epochs is None:
        raise ValueError("no attack-free run among those fitted on")
    knots = found.epochs
    curve = Curve(knots.values, knots.scores, knots.scale)
    return curve.score_at(BudgetOptions().false_alerts_per_million)


def found_after(
    ties: LabelledTies, scores: NDArray[np.float64], family: str, least: float
) -> float:
    """Hours from the family's first test to the first that reaches the threshold; inf if none."""
    own = (ties.families == family) & (ties.shares >= _GUILTY)
    reached = own & (scores >= least) & (ties.epochs > LEARNING_EPOCHS)
    if not reached.any():
        return float("inf")
    return float(ties.epochs[reached].min() - ties.epochs[own].min()) / _EPOCHS_AN_HOUR


def false_per_million(quiet: Sequence[LabelledTies], found: Fit, least: float) -> float:
    """Epochs a million requests in which an ordinary tie reaches the threshold."""
    epochs = 0
    for ties in quiet:
        high = (found.scores(ties) >= least) & (ties.epochs > LEARNING_EPOCHS)
        epochs += len(np.unique(ties.epochs[high]))
    return epochs / max(sum(ties.requests for ties in quiet), 1) * 1e6


def rows_without(
    signal: str | None, fitted_on: list[LabelledTies], judged: Judged
) -> Iterator[dict[str, object]]:
    """One row a family: how many campaigns are found without the signal, and how soon."""
    places = inputs_of(signal) if signal else np.empty(0, np.intp)
    reduced = [without(ties, places) for ties in fitted_on]
    for families in LEFT_OUT:
        found = fit(reduced, families)
        least = threshold(found)
        kept = Judged(*([without(ties, places) for ties in part] for part in judged))
        false = round(false_per_million(kept.quiet, found, least), 3)
        scores = [found.scores(ties) for ties in kept.campaigns]
        for family in families:
            pairs = zip(kept.campaigns, scores, strict=True)
            hours = [found_after(ties, one, family, least) for ties, one in pairs]
            yield {
                "without": signal or "nothing",
                "family": family,
                "found": f"{sum(np.isfinite(hours))}/{len(hours)}",
                "median_hours": _finite(median(hours)),
                "false_per_million": false,
            }


def _finite(hours: float) -> float | None:
    return round(hours, 1) if np.isfinite(hours) else None


def _tests(job: tuple[str, int, Path]) -> LabelledTies:
    directory = simulate(*job)
    kept = directory / "ties.npz"
    if not kept.exists():
        collect(directory).save(kept)
    return LabelledTies.load(kept)


def main() -> None:
    """Print the figures as JSON lines, those with all signals first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("out/detection"))
    parser.add_argument("--signals", nargs="*", default=list(SIGNALS), choices=list(SIGNALS))
    arguments = parser.parse_args()
    work: Path = arguments.work
    with ProcessPoolExecutor(2) as pool:
        fitted_on = list(pool.map(prepare, RUNS, [work] * len(RUNS)))
        jobs = [(*run, work) for run in CAMPAIGN_RUNS]
        quiet = [("quiet", seed, work) for seed in QUIET_RUNS]
        tests = list(pool.map(_tests, [*jobs, *quiet]))
    judged = Judged(tests[: len(jobs)], tests[len(jobs) :])
    for signal in (None, *arguments.signals):
        for row in rows_without(signal, fitted_on, judged):
            sys.stdout.write(orjson.dumps(row).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
