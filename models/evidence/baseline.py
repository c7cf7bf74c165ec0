"""The baseline: what ordinary accounts look like, the same for every partition.

Two parts. *Ranks*: decayed histograms of every account feature by cohort, so that a value becomes
its rank among ordinary accounts. *Population*: river's half-space trees over those ranks, learned
from a sample in one order with one seed; isolation-type models are blind to anomalies packed
together, so they give accounts a score and decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees

from models.features import BINS
from models.kernels.accounts import add_to_histogram
from models.kernels.trees import score_trees
from models.requests.batch import COHORTS
from models.signals import ACCOUNT_FEATURES

FEATURES = len(ACCOUNT_FEATURES)
MIDDLE = 128
"""Rank of an account of which nothing is known."""

_EVERYONE = np.array([feature.everyone for feature in ACCOUNT_FEATURES], np.bool_)
_PARENT_WEIGHT = 200.0
_LEAST_ACCOUNTS = 100
_HALF_LIFE_HOURS = 72.0
_TREES, _HEIGHT, _WINDOW, _SEED = 16, 6, 256, 20_260_223


class RankTables:
    """Ranks of feature values: uint8[cohorts, features, bins].

    Not ready until enough accounts were seen.
    """

    def __init__(self) -> None:
        self._histogram = np.zeros((COHORTS, FEATURES, BINS))
        self.medians = np.zeros(FEATURES)

    def add(self, cohorts: NDArray[np.intp], bins: NDArray[np.uint8]) -> None:
        """Count accounts: the cohort of each, and the bin of each of its features."""
        add_to_histogram(cohorts, bins, self._histogram)

    def fade(self) -> None:
        """Let an hour pass; counts halve in three days."""
        self._histogram *= 0.5 ** (1.0 / _HALF_LIFE_HOURS)

    def tables(self) -> NDArray[np.uint8] | None:
        """Middle rank of each bin in [0, 255]; small cohorts are drawn to the whole population.

        Brings `medians`, the bin of the median account by feature, up to date.
        """
        whole = self._histogram.sum(axis=0)
        reached = np.cumsum(whole, axis=1)
        self.medians = (reached < reached[:, -1:] / 2).sum(axis=1).astype(np.float64)
        unknown = whole.sum(axis=1) < _LEAST_ACCOUNTS
        if unknown.all():
            return None
        parent = _middle_ranks(whole)
        own = self._histogram.sum(axis=2)[:, :, None]
        ranks = np.stack([_middle_ranks(cohort) for cohort in self._histogram])
        mixed = (own * ranks + _PARENT_WEIGHT * parent) / (own + _PARENT_WEIGHT)
        mixed[:, _EVERYONE] = parent[_EVERYONE]
        tables: NDArray[np.uint8] = np.rint(mixed * 255).astype(np.uint8)
        # A feature that came with an upgrade says nothing until it is known of enough accounts.
        tables[:, unknown] = MIDDLE
        return tables

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {"histogram": self._histogram.copy(), "medians": self.medians.copy()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._histogram = state["histogram"].copy()
        self.medians = state["medians"].copy()


def _middle_ranks(histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.maximum(histogram.sum(axis=1, keepdims=True), 1e-9)
    ranks: NDArray[np.float64] = (np.cumsum(histogram, axis=1) - histogram / 2) / total
    return ranks


class TreeArrays(msgspec.Struct, frozen=True):
    """Half-space trees as arrays (breadth first), for scoring many accounts at once."""

    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    masses: NDArray[np.float64]

    def score(self, ranks: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Oddity in [0, 1] of each row of ranks; equals river's `score_one`."""
        out = np.empty(len(ranks))
        most = _TREES * _WINDOW * (2 ** (_HEIGHT + 1) - 1)
        score_trees(
            ranks, self.features, self.thresholds, self.masses, _HEIGHT, 0.1 * _WINDOW, most, out
        )
        return out


class Population:
    """River's half-space trees over a sample of accounts, learned in the order given."""

    def __init__(self) -> None:
        self._names = [feature.name for feature in ACCOUNT_FEATURES]
        self._model = HalfSpaceTrees(_TREES, _HEIGHT, _WINDOW, seed=_SEED)
        self._learned: list[bytes] = []
        self.arrays: TreeArrays | None = None

    def learn(self, ranks: NDArray[np.uint8]) -> None:
        """Learn rows of ranks in their order."""
        for row in ranks:
            self._learned.append(row.tobytes())
            values = (row / 255.0).tolist()
            self._model.learn_one(dict(zip(self._names, values, strict=True)))  # type: ignore[no-untyped-call]  # river is untyped here
            if len(self._learned) % _WINDOW == 0:
                self.arrays = self._exported()
                # Masses come from the last window alone, so what was learned before need not be
                # kept.
                del self._learned[: len(self._learned) - _WINDOW]

    def _exported(self) -> TreeArrays:
        size = 2 ** (_HEIGHT + 1) - 1
        features = np.zeros((_TREES, size), np.int32)
        thresholds = np.zeros((_TREES, size))
        masses = np.zeros((_TREES, size))
        places = {name: place for place, name in enumerate(self._names)}
        for tree, root in enumerate(self._model.trees):
            level: list[Any] = [root]
            for node in range(size):
                branch = level[node]
                masses[tree, node] = branch.r_mass
                children = getattr(branch, "children", ())
                if children:
                    features[tree, node] = places[branch.feature]
                    thresholds[tree, node] = branch.threshold
                    level.extend(children)
        return TreeArrays(features, thresholds, masses)

    def dump(self) -> dict[str, Any]:
        """The rows from which the model can be learned again (never the model itself)."""
        return {"rows": np.frombuffer(b"".join(self._learned), np.uint8).reshape(-1, FEATURES)}

    def load(self, state: Mapping[str, Any]) -> None:
        """Learn again what `dump` gave."""
        self.__init__()  # type: ignore[misc]  # a fresh model with the same seed
        self.learn(state["rows"])
