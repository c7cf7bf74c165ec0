"""The population model over rows of any numbers in stream order, and river's trees beside it.

The model is the product's (`models.evidence.baseline`): decayed histograms turn a value into its
rank, and half-space trees learn a sample of ranked rows. Rows stand for accounts, a block of rows
for an hour. The model has room for the product's features, so each column of the data fills as
many of them as any other; a split of a tree thus always falls on data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees
from river.preprocessing import MinMaxScaler

from models.accounts.ranking import SAMPLE
from models.evidence.baseline import FEATURES, Population, RankTables
from models.features import BINS
from models.kernels.accounts import to_ranks

HOUR = 250
TREES, HEIGHT, WINDOW = 25, 15, 250

Floats = NDArray[np.float64]


class PopulationScores(NamedTuple):
    """Scores of rows, higher is odder; 0 before the model is ready.

    Attributes:
        rarity: How far out the ranks are, on whichever side: the sum over columns of −log of the
            share of the population that is as far from the middle.
        oddity: By half-space trees over the ranks, which is the product's score of accounts.
    """

    rarity: Floats
    oddity: Floats


def population_scores(rows: Floats, low: float, high: float) -> PopulationScores:
    """Score each block of rows by what was learned before it, then learn it.

    Args:
        rows: One row a subject, in stream order.
        low: Value of the first bin, the same for all columns.
        high: Value of the last bin.
    """
    tables, population = RankTables(), Population()
    scores = PopulationScores(np.zeros(len(rows)), np.zeros(len(rows)))
    known: NDArray[np.uint8] | None = None
    scale = (BINS - 1) / (high - low)
    for start in range(0, len(rows), HOUR):
        block = rows[start : start + HOUR]
        bins = np.clip(np.rint((block - low) * scale), 0, BINS - 1).astype(np.uint8)
        bins = np.resize(bins.T, (FEATURES, len(block))).T.copy()
        cohorts = np.zeros(len(block), np.intp)
        if known is not None:
            ranks = np.empty_like(bins)
            to_ranks(cohorts, bins, known, ranks)
            scores.rarity[start : start + HOUR] = rarity(ranks[:, : rows.shape[1]])
            if population.arrays is not None:
                scores.oddity[start : start + HOUR] = population.arrays.score(ranks)
            population.learn(ranks[:: max(1, HOUR // SAMPLE)][:SAMPLE])
        tables.add(cohorts, bins)
        tables.fade()
        known = tables.tables()
    return scores


def rarity(ranks: NDArray[np.uint8]) -> Floats:
    """Sum over columns of −log of the two-sided tail that a rank of 0 to 255 leaves."""
    share = (ranks + 0.5) / BINS
    tails: Floats = -np.log(2.0 * np.minimum(share, 1.0 - share)).sum(axis=1)
    return tails


def tree_scores(rows: Floats, seed: int = 1) -> Floats:
    """River's half-space trees as its guide has them: scaled online, scored, learned."""
    scaler: Any = MinMaxScaler()
    model: Any = HalfSpaceTrees(n_trees=TREES, height=HEIGHT, window_size=WINDOW, seed=seed)
    out = np.empty(len(rows))
    for place, row in enumerate(rows.tolist()):
        values: Mapping[int, float] = dict(enumerate(row))
        scaler.learn_one(values)
        scaled = scaler.transform_one(values)
        out[place] = model.score_one(scaled)
        model.learn_one(scaled)
    return out
