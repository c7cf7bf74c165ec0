"""The learned tie score: one linear model over pooled inputs, shipped with frozen weights.

Fitted offline on simulated campaigns (`bench/fit_tie_score.py`), judged only with the tested family
left out. The score orders ties; what a score means is settled by calibration on ordinary traffic
(`models.evidence.calibration`), so a bad weight costs detections, never the false-alert budget.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.calibration import STEP, Bulk, Curve, Reference
from models.kernels.scores import add_weighted, affinities
from models.pooling import input_names
from models.requests.kinds import KIND_COUNT, TieKind
from models.signals import ACCOUNT_FEATURES, TIE_FEATURES

INPUT_NAMES = tuple(input_names(ACCOUNT_FEATURES, TIE_FEATURES))


class TieScore:
    """Log odds of a tie against ordinary ties, as the fit saw them.

    Args:
        weights: Weight of each input by name; unknown names are refused, missing ones weigh 0.
        kinds: Added by kind of tie; kinds that are missing are not scored.
        reference: What the scores mean on attack-free traffic.

    Raises:
        ValueError: A weight names no input.
    """

    def __init__(
        self, weights: Mapping[str, float], kinds: Mapping[str, float], reference: Reference
    ) -> None:
        self.reference = reference
        unknown = sorted(set(weights) - set(INPUT_NAMES))
        if unknown:
            raise ValueError(f"weights name unknown inputs: {', '.join(unknown)}")
        self.weights = np.array([weights.get(name, 0.0) for name in INPUT_NAMES], np.float64)
        self._by_kind = np.full(KIND_COUNT, -np.inf)
        for name, value in kinds.items():
            self._by_kind[TieKind[name.upper()]] = value

    def score(self, keys: NDArray[np.uint64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score of each tie (rows of `inputs`); -inf for kinds that are not scored."""
        kinds = (keys & np.uint64(15)).astype(np.intp)
        total = self._by_kind[kinds].copy()
        add_weighted(np.ascontiguousarray(inputs), self.weights, total)
        return total

    def contributions(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each input adds to the score of one tie."""
        return self.weights * inputs

    def affinity(self, ranks: NDArray[np.uint8]) -> NDArray[np.float64]:
        """How much each account's own ranks speak for a campaign, through the `level` weights."""
        out = np.empty(len(ranks))
        affinities(np.ascontiguousarray(ranks), self.weights[: len(ACCOUNT_FEATURES)], out)
        return out


def read_score(text: str) -> TieScore:
    """The score in a file as `bench/fit_tie_score.py` writes it (TOML).

    Raises:
        ValueError: Not such a file.
    """
    table = tomllib.loads(text)
    try:
        return TieScore(table["weights"], table["kinds"], _reference(**table["reference"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a tie score: {error}") from error


def _reference(
    tests: Mapping[str, Any], epochs: Mapping[str, Any], bulk: Mapping[str, float] | None = None
) -> Reference:
    highest = None if bulk is None else Bulk(**bulk)
    if highest is not None and not highest.upper - highest.middle >= STEP:
        raise ValueError("the bulk needs an upper tenth above its middle")
    return Reference(Curve(**tests), Curve(**epochs), highest)


def shipped() -> TieScore:
    """The score with the weights that come with the package (`models/evidence/tie_score.toml`)."""
    return read_score(
        resources.files("models.evidence").joinpath("tie_score.toml").read_text("utf-8")
    )
