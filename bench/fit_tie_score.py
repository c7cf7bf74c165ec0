"""Fit the tie score and its reference null: `python -m bench.fit_tie_score --work DIR [--write]`.

Simulates labelled traffic with the prompt sources set aside for fitting, replays it, and fits a
logistic regression over the pooled inputs of all tests. Every campaign weighs the same whatever its
size, and so does every kind of tie within it; ordinary tests weigh by the root of their kind's
number. The reference null is the tail of the scores on the attack-free runs only, and how high and
how wide their bulk lay on the worst day. With `--leave-out FAMILY` that family's ties take no part,
which is how every published detection figure is made (`bench/detection.py`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from bench.corpora import prompts_directory
from bench.fitting_runs import RUNS, Run
from bench.ties import LabelledTies, collect
from models.evidence.calibration import LEAST_TESTS, Bulk, score_bin
from models.evidence.tie_score import INPUT_NAMES
from models.requests.kinds import KIND_COUNT, TieKind
from stream.simulator import write_scenario
from stream.simulator.corpus import Sources

LEARNING_EPOCHS = 72
_DAY_EPOCHS = 288
_RIDGE = 10.0
_THINNING = 4
_TEST_SHARES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
_EPOCH_RANKS = (400, 200, 100, 50, 25, 12)
_SMALLEST_DEVIATION = 0.02
_INVENTED = ("samples", "canaries")
"""Account features that a share of the simulated campaigns shows which nobody has reported."""

_UNUSED = [name.split(".")[0] in _INVENTED for name in INPUT_NAMES]


@dataclass(frozen=True, slots=True)
class Knots:
    """A falling curve (`models.evidence.calibration.Curve`)."""

    values: list[float]
    scores: list[float]
    scale: float

    def lines(self, name: str) -> list[str]:
        """The curve as a TOML table."""
        return [
            f"[reference.{name}]",
            f"values = {[float(f'{value:.4g}') for value in self.values]}",
            f"scores = {[round(score, 3) for score in self.scores]}",
            f"scale = {self.scale:.3f}",
        ]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights by input, intercepts by kind, and the reference tail of ordinary ties' scores."""

    weights: NDArray[np.float64]
    kinds: NDArray[np.float64]
    tests: Knots | None = None
    epochs: Knots | None = None
    bulk: Bulk | None = None

    def scores(self, ties: LabelledTies) -> NDArray[np.float64]:
        """Score of each test."""
        return ties.inputs @ self.weights + self.kinds[_kinds(ties)]


def _kinds(ties: LabelledTies) -> NDArray[np.intp]:
    return (ties.keys & np.uint64(15)).astype(np.intp)


def prepare(run: Run, work: Path) -> LabelledTies:
    """The labelled ties of a run; kept in `work`."""
    directory = work / run.folder
    kept = directory / "ties.npz"
    if not kept.exists():
        if not (directory / "truth.json").exists():
            prompts = prompts_directory() if run.corpora else None
            sources: Sources = "fit" if run.corpora else "all"
            write_scenario(run.planned(), run.seed, directory, prompts, sources, guard=False)
        collect(directory).save(kept)
    return LabelledTies.load(kept)


def fit(runs: list[LabelledTies], leave_out: Sequence[str] = ()) -> Fit:
    """Fit weights on all runs and the tail on those without campaigns."""
    designs, labels, weights = [], [], []
    for ties in runs:
        use = ties.epochs > LEARNING_EPOCHS
        use &= ~np.isin(ties.families, list(leave_out))
        guilty, ordinary = use & (ties.shares >= 0.8), use & (ties.shares < 0.2)
        # Ordinary tests abound; a quarter of them says the same in a quarter of the time.
        ordinary &= np.arange(len(use)) % _THINNING == 0
        chosen = guilty | ordinary
        inputs = np.where(_UNUSED, 0.0, ties.inputs)
        designs.append(np.hstack([inputs, np.eye(KIND_COUNT)[_kinds(ties)]])[chosen])
        labels.append(guilty[chosen])
        weights.append(_weights(ties, guilty, ordinary)[chosen])
    solution = _regress(
        np.vstack(designs).astype(np.float64), np.concatenate(labels), np.concatenate(weights)
    )
    found = Fit(solution[: len(INPUT_NAMES)], solution[len(INPUT_NAMES) :])
    quiet = [ties for ties in runs if not (ties.shares > 0).any()]
    return replace(
        found,
        tests=_test_curve(found, quiet),
        epochs=_epoch_curve(found, quiet),
        bulk=_highest_bulk(found, quiet),
    )


def _highest_bulk(found: Fit, quiet: list[LabelledTies]) -> Bulk | None:
    """How high the bulk of ordinary tests lies, and how wide it is, on the worst day of any run.

    None where no day has enough tests to tell.
    """
    bulks = [bulk for ties in quiet for bulk in _daily_bulks(found, ties)]
    if not bulks:
        return None
    middle = max(bulk.middle for bulk in bulks)
    return Bulk(middle, middle + max(bulk.upper - bulk.middle for bulk in bulks))


def _daily_bulks(found: Fit, ties: LabelledTies) -> Iterator[Bulk]:
    bins = score_bin(found.scores(ties))
    days = (ties.epochs - LEARNING_EPOCHS - 1) // _DAY_EPOCHS
    for day in range(int(days.max()) + 1):
        tests = np.bincount(bins[days == day]).astype(np.float64)
        if tests.sum() >= LEAST_TESTS:
            yield Bulk.of(tests)


def _test_curve(found: Fit, quiet: list[LabelledTies]) -> Knots:
    """Share of ordinary tests that reach a score."""
    scores = np.concatenate([found.scores(ties)[ties.epochs > LEARNING_EPOCHS] for ties in quiet])
    knots = [float(np.quantile(scores, 1.0 - share)) for share in _TEST_SHARES]
    beyond = float((scores[scores > knots[-1]] - knots[-1]).mean())
    return Knots(list(_TEST_SHARES), knots, beyond)


def _epoch_curve(found: Fit, quiet: list[LabelledTies]) -> Knots:
    """Epochs a million requests whose highest score reaches a score."""
    highest = np.sort(np.concatenate([_epoch_maxima(found, ties) for ties in quiet]))[::-1]
    millions = sum(ties.requests for ties in quiet) / 1e6
    ranks = [rank for rank in _EPOCH_RANKS if rank < len(highest)]
    knots = [float(highest[rank]) for rank in ranks]
    beyond = float((highest[: ranks[-1]] - knots[-1]).mean())
    return Knots([rank / millions for rank in ranks], knots, beyond)


def _epoch_maxima(found: Fit, ties: LabelledTies) -> NDArray[np.float64]:
    scores = found.scores(ties)
    highest = np.full(int(ties.epochs.max()) + 1, -np.inf)
    np.maximum.at(highest, ties.epochs, scores)
    judged: NDArray[np.float64] = highest[LEARNING_EPOCHS + 1 :]
    return judged[np.isfinite(judged)]


def _weights(
    ties: LabelledTies, guilty: NDArray[np.bool_], ordinary: NDArray[np.bool_]
) -> NDArray[np.float64]:
    kinds = _kinds(ties)
    weights = np.zeros(len(kinds))
    for kind in range(KIND_COUNT):
        number = int((ordinary & (kinds == kind)).sum())
        weights[ordinary & (kinds == kind)] = 1.0 / np.sqrt(max(number, 1))
    for family in np.unique(ties.families[guilty]):
        shown = np.unique(kinds[guilty & (ties.families == family)])
        for kind in shown:
            rows = guilty & (ties.families == family) & (kinds == kind)
            weights[rows] = 1.0 / rows.sum() / len(shown)
    return weights


def _regress(
    design: NDArray[np.float64], guilty: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Ridge logistic regression, both classes of one total weight.

    The weights are in the inputs' own units.
    """
    for side in (guilty, ~guilty):
        weights[side] *= 1_000.0 / weights[side].sum()
    centre = design[:, : len(INPUT_NAMES)].mean(axis=0)
    deviation = np.maximum(design[:, : len(INPUT_NAMES)].std(axis=0), _SMALLEST_DEVIATION)
    scaled = design.copy()
    scaled[:, : len(INPUT_NAMES)] = (scaled[:, : len(INPUT_NAMES)] - centre) / deviation
    signs = np.where(guilty, 1.0, -1.0)

    def loss(beta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (scaled @ beta)
        value = float((weights * np.logaddexp(0.0, -margins)).sum() + 0.5 / _RIDGE * beta @ beta)
        pull = weights * signs * expit(-margins)
        return value, beta / _RIDGE - scaled.T @ pull

    beta = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    own = beta[: len(INPUT_NAMES)] / deviation
    kinds = beta[len(INPUT_NAMES) :] - float(own @ centre)
    return np.concatenate([own, kinds])


def _bulk_lines(bulk: Bulk) -> list[str]:
    return [
        "# How high and how wide the bulk of the tests lay on the worst day of any of them.",
        "[reference.bulk]",
        f"middle = {bulk.middle:.2f}",
        f"upper = {bulk.upper:.2f}",
    ]


def as_toml(found: Fit, runs: str) -> str:
    """The fit as the file that ships with the package."""
    lines = [
        "# Written by bench/fit_tie_score.py; do not edit.",
        f'source = "logistic regression on simulated traffic: {runs}"',
        "",
        "# Share of tests, and epochs a million requests, on the attack-free runs.",
        *(found.tests.lines("tests") if found.tests else ()),
        *(found.epochs.lines("epochs") if found.epochs else ()),
        *(_bulk_lines(found.bulk) if found.bulk else ()),
        "",
        "[kinds]",
        *(f"{kind.name.lower()} = {found.kinds[kind]:.4f}" for kind in TieKind),
        "",
        "[weights]",
        *(
            f'"{name}" = {weight:.4f}'
            for name, weight in zip(INPUT_NAMES, found.weights, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit and print, or write to the package with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--leave-out", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        runs = list(pool.map(prepare, RUNS, [arguments.work] * len(RUNS)))
    found = fit(runs, arguments.leave_out)
    text = as_toml(found, ", ".join(run.folder for run in RUNS))
    if arguments.write:
        Path(__file__).parents[1].joinpath("models", "evidence", "tie_score.toml").write_text(
            text, "utf-8"
        )
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
