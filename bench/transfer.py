"""Detectors on public streams that are no model traffic: `make bench-transfer`. For information.

Two questions. Does the MIDAS-F that we compare with do what its authors' does, on the stream that
they publish figures for? And how does the model of the population, which Gauger scores accounts
with, do on rows that it was not made for, beside river's half-space trees in the same run? No alert
of Gauger rests on that model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow.parquet
from numpy.typing import NDArray
from scipy.stats import rankdata

from bench.corpora import data_directory
from bench.edges import score_edges
from bench.rows import population_scores, tree_scores

# AUC and million edges a second; authors' C++, machine unknown.
REPORTED = {"MIDAS": (0.905, 80), "MIDAS-R": (0.950, 30), "MIDAS-F": (0.984, 15)}
SEEDS = (1, 2, 3)
# The logarithms of a tenth, which the set gives for none, and of four billion.
LOW, HIGH = -2.303, 22.2

Floats = NDArray[np.float64]
Result = TypeVar("Result")


class EdgeStream(NamedTuple):
    """Edges between numbered nodes, in stream order; ticks count minutes with edges from 1."""

    sources: NDArray[np.uint64]
    targets: NDArray[np.uint64]
    ticks: NDArray[np.int64]
    labels: NDArray[np.bool_]


def auc(labels: NDArray[np.bool_], scores: Floats) -> float:
    """Share of pairs of an anomaly and an ordinary one that are in order; ties count half."""
    anomalies = int(labels.sum())
    ordinary = len(labels) - anomalies
    ranks = rankdata(scores)[labels].sum()
    return float((ranks - anomalies * (anomalies + 1) / 2) / (anomalies * ordinary))


def edge_stream() -> EdgeStream:
    """DARPA 1998 as MIDAS' authors publish it."""
    table = pyarrow.parquet.read_table(data_directory() / "bench" / "darpa_midas_edges.parquet")
    names = [table[name].to_numpy() for name in ("src", "dst")]
    nodes = np.unique(np.concatenate(names), return_inverse=True)[1].astype(np.uint64)
    ticks = np.unique(table["ts"].to_numpy(), return_inverse=True)[1] + 1
    labels = table["label"].to_numpy() == 1
    return EdgeStream(nodes[: len(ticks)], nodes[len(ticks) :], ticks.astype(np.int64), labels)


def row_stream(name: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Rows and labels of a part of KDD Cup 99."""
    table = pyarrow.parquet.read_table(data_directory() / "bench" / f"kdd99_{name}.parquet")
    rows = np.stack([table[f"x{column}"].to_numpy() for column in range(3)], axis=1)
    return rows.astype(np.float64), table["label"].to_numpy() == 1


def _show_edges() -> None:
    stream = edge_stream()
    job = partial(score_edges, stream.sources, stream.targets, stream.ticks)
    score_edges(stream.sources[:9], stream.targets[:9], stream.ticks[:9])  # compiles
    print(f"DARPA 1998, {len(stream.labels):,} edges: AUC, edges a second of CPU time")
    for name, (area, millions) in REPORTED.items():
        print(f"  {name + ', reported for C++':<28} {area:.3f} {millions * 1e6:>12,.0f}")
    for seed in SEEDS:
        scores, seconds = _timed(partial(job, seed))
        _show(f"MIDAS-F here, seed {seed}", stream.labels, scores, seconds)


def _show_rows(name: str) -> None:
    rows, labels = row_stream(name)
    print(f"KDD Cup 99 {name}, {len(rows):,} rows, {labels.sum():,} anomalies: AUC, rows a second")
    found, seconds = _timed(lambda: population_scores(rows, LOW, HIGH))
    _show("gauger's ranks, rarity", labels, found.rarity, seconds)
    _show("gauger's ranks, oddity", labels, found.oddity, seconds)
    trees, seconds = _timed(lambda: tree_scores(rows))
    _show("river's half-space trees", labels, trees, seconds)


def _show(what: str, labels: NDArray[np.bool_], scores: Floats, seconds: float) -> None:
    pace = len(scores) / seconds
    print(f"  {what:<28} {auc(labels, scores):.3f} {pace:>12,.0f}", flush=True)


def _timed(job: Callable[[], Result]) -> tuple[Result, float]:
    start = time.process_time()
    return job(), time.process_time() - start


def main() -> None:
    """Print both tables."""
    _show_edges()
    for name in ("smtp", "http"):
        _show_rows(name)


if __name__ == "__main__":
    main()
