"""95 % intervals: of a share found, of a count, and of a statistic over runs.

Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936; Wilson, "Probable
inference, the law of succession, and statistical inference", JASA 22, 1927; Efron, "Bootstrap
methods: another look at the jackknife", Annals of Statistics 7, 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import chi2

_DEVIATIONS = 1.959964
_RESAMPLES = 2_000
_SEED = 20_260_908


class Interval(NamedTuple):
    """From `low` to `high`."""

    low: float
    high: float


def wilson(found: int, tried: int) -> Interval:
    """The share that may lie behind so many of so many; all of [0, 1] without a trial."""
    if not tried:
        return Interval(0.0, 1.0)
    square = _DEVIATIONS**2
    share = found / tried
    centre = (share + square / (2 * tried)) / (1 + square / tried)
    spread = share * (1 - share) / tried + square / (4 * tried**2)
    half = _DEVIATIONS * sqrt(spread) / (1 + square / tried)
    # At none and all an end is exact; rounding would push the share out of its own interval.
    low = 0.0 if found == 0 else centre - half
    high = 1.0 if found == tried else centre + half
    return Interval(low, high)


def poisson(count: int) -> Interval:
    """The mean that may lie behind a count."""
    low = 0.0 if count == 0 else chi2.ppf(0.025, 2 * count) / 2
    return Interval(float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2))


def bootstrap(values: Sequence[float], statistic: Callable[..., Any]) -> Interval | None:
    """The middle 95 % of a statistic over runs drawn anew with replacement; None for one run.

    `statistic` is numpy's, such as `np.median`. The interval never reaches beyond the runs
    themselves, so of a few runs it says too little. The draw hangs on the number of runs only, and
    the order of the values plays no part.
    """
    if len(values) < 2:
        return None
    ordered = np.sort(np.asarray(values, np.float64))
    draws = np.random.default_rng(_SEED).integers(0, len(ordered), (_RESAMPLES, len(ordered)))
    low, high = np.quantile(statistic(ordered[draws], axis=1), (0.025, 0.975))
    return Interval(float(low), float(high))
