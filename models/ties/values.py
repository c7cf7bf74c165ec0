"""How odd each tested tie was: the p-values that findings are made of, for whoever checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evidence.calibration import Calibration
from models.wire.messages import TieReport


@dataclass(frozen=True, slots=True)
class TieValues:
    """The ties that were tested in an epoch, by key ascending; n of them.

    Attributes:
        keys: Tie keys, uint64[n].
        members: Accounts that share each, int64[n].
        volume: Requests that showed it so far, int64[n].
        scores: Log odds, float64[n].
        p_values: How often an ordinary tie scores as high, float64[n].
        clusters: Id of the cluster that holds the tie after the epoch, or None.
    """

    keys: NDArray[np.uint64]
    members: NDArray[np.int64]
    volume: NDArray[np.int64]
    scores: NDArray[np.float64]
    p_values: NDArray[np.float64]
    clusters: Sequence[str | None]


def tie_values(
    reports: Sequence[TieReport], calibration: Calibration, holders: Mapping[int, str]
) -> TieValues:
    """Values of the tested ties that have ranked members, whatever partition they are of."""
    tested = [(one.ties, one.ties.tested & (one.ties.statistics["known"] > 0)) for one in reports]
    records = np.concatenate([ties.statistics[rows] for ties, rows in tested])
    scores = np.concatenate([ties.scores[rows] for ties, rows in tested])
    order = np.argsort(records["tie"])
    records, scores = records[order], scores[order]
    return TieValues(
        keys=records["tie"].copy(),
        members=records["members"].copy(),
        volume=records["volume"].copy(),
        scores=scores,
        p_values=np.array([calibration.p_value(score) for score in scores.tolist()], np.float64),
        clusters=[holders.get(key) for key in records["tie"].tolist()],
    )
