"""LODA over account features, as river ships it.

Pevný, "Loda: lightweight on-line detector of anomalies", Machine Learning 102, 2016: histograms on
sparse random projections.
"""

from __future__ import annotations

from river.anomaly import LODA

from bench.peers.features import ScoreThenLearn

# River's hundred projections would take most of a comparison's time.
PROJECTIONS = 30
BINS = 20


class Loda(ScoreThenLearn):
    """River's LODA."""

    name = "loda"

    def __init__(self, seed: int = 1, window: int = 250) -> None:
        super().__init__(LODA(n_bins=BINS, n_random_cuts=PROJECTIONS, seed=seed), window)
