"""Half-space trees over account features, as river ships them.

Tan, Ting and Liu, "Fast anomaly detection for streaming data", IJCAI 2011.
"""

from __future__ import annotations

from river.anomaly import HalfSpaceTrees

from bench.peers.features import ScoreThenLearn

TREES = 25


class Trees(ScoreThenLearn):
    """River's half-space trees."""

    name = "half-space trees"

    def __init__(self, seed: int = 1, window: int = 250) -> None:
        super().__init__(HalfSpaceTrees(n_trees=TREES, window_size=window, seed=seed), window)
