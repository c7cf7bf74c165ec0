"""Token counts and pauses drawn from the fitted quantile tables."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from stream.simulator.randomness import Floats


@cache
def _fitted() -> dict[str, Any]:
    raw = resources.files("stream.simulator").joinpath("fitted.toml").read_text("utf-8")
    return tomllib.loads(raw)


def draw_fitted(rng: np.random.Generator, table: str, column: str, size: int) -> Floats:
    """Draws from a fitted quantile table, log-linear between its points; the ends are cut at 1 %.

    The extremes of a trace are single requests; repeating them by the thousand would not be fitted.
    """
    fitted = _fitted()
    points = np.log1p(np.array(fitted[table][column], dtype=np.float64))
    draws = 0.01 + 0.98 * rng.random(size)
    values: Floats = np.expm1(np.interp(draws, np.array(fitted["probabilities"]), points))
    return values
