"""Evenness of load: a load balancer spreads requests more evenly over accounts than chance does."""

from __future__ import annotations

import numpy as np

from models.features import Values
from models.pooling import TieFeature, TieView


def _dispersion(view: TieView) -> Values:
    """Log ratio of the variance of members' requests to their mean, drawn to usual use.

    It is 0 for Poisson. Honest use is heavy-tailed, so the ratio grows with the mean; dealt load
    keeps it near or below 1.
    """
    mean = view.records["counts"] / view.members
    squares = view.records["count_squares"] / view.members
    variance = np.maximum(squares - mean**2, 0.0)
    return np.clip(np.log2((variance + 0.25) / (mean + 0.25)), -4.0, 8.0) / 4.0


def _coefficient(view: TieView) -> Values:
    """Coefficient of variation of members' requests."""
    mean = view.records["counts"] / view.members
    squares = view.records["count_squares"] / view.members
    return (
        np.minimum(np.sqrt(np.maximum(squares - mean**2, 0.0)) / np.maximum(mean, 1e-9), 4.0) / 4.0
    )


def _each(view: TieView) -> Values:
    """Requests through the value that a member sent, on the mean."""
    return np.log2(1.0 + view.records["counts"] / view.members) / 10.0


TIE_FEATURES = (
    TieFeature("dispersion", _dispersion, 0.5, "load dealt evenly", "load as uneven as people's"),
    TieFeature("variation", _coefficient, 0.25, "members alike in load", "members unlike in load"),
    TieFeature("each", _each, 0.3, "shown a few times by each", "shown again and again"),
)
