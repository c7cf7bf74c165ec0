"""Calibrations that have seen ties of their own deployment, and what they say of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.evidence.calibration import STEP, Calibration, Reference
from models.requests.kinds import TieKind
from tests.models.references import REFERENCE

Scores = NDArray[np.float64]

DELAY = 10
PER_DAY = 288.0
ASKED = np.linspace(-70.0, 70.0, 561).tolist()


def keys_of(count: int) -> NDArray[np.uint64]:
    return np.arange(1, count + 1, dtype=np.uint64) << np.uint64(4) | np.uint64(TieKind.FRAGMENT)


def calibrated(
    scores: Scores, claimed: frozenset[int] = frozenset(), reference: Reference = REFERENCE
) -> Calibration:
    """A calibration whose own null is of these scores."""
    calibration = Calibration(reference, DELAY, PER_DAY)
    calibration.note(1, keys_of(len(scores)), scores)
    calibration.mature(1 + DELAY, claimed)
    return calibration


def p_values(calibration: Calibration) -> list[float]:
    return [calibration.p_value(score) for score in ASKED]


def rates(calibration: Calibration) -> list[float]:
    return [calibration.findings_per_million(score) for score in ASKED]


def untaught(reference: Reference = REFERENCE) -> Calibration:
    return Calibration(reference, DELAY, PER_DAY)


def bulk_at(middle: float, width: float) -> Scores:
    """Scores whose middle and upper tenth lie exactly there (both multiples of `STEP`)."""
    below = np.repeat([middle, middle + width], [500, 400]) - STEP / 2
    return np.append(below, np.full(100, middle + width + 1.0))
