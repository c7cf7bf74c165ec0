"""When requests are made: daily curves, weekly habits, bursts, sessions with think times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream.simulator.randomness import Floats, Ints, lognormal

DAY = 86_400.0
HOUR = 3_600.0

# Relative load by local hour. The shapes are ours; fitted.toml holds what public traces say.
CURVES: dict[str, tuple[float, ...]] = {
    "office": (1, 1, 1, 1, 1, 2, 4, 10, 24, 36, 40, 38, 26, 34, 40, 38, 32, 22, 12, 8, 6, 5, 3, 2),
    "evening": (
        8, 4, 2, 1, 1, 1, 2, 5, 9, 11, 12, 12, 13, 13, 13, 14, 16, 20, 26, 32, 36, 34, 26, 16,
    ),
    "flat": (1,) * 24,
    "night": (20, 34, 40, 30, 12, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 4, 8, 14),
    "day": (4, 2, 2, 2, 2, 3, 6, 12, 18, 22, 24, 24, 22, 22, 24, 24, 22, 20, 18, 16, 14, 12, 9, 6),
    "owl": (
        30, 26, 20, 12, 6, 3, 2, 2, 3, 5, 8, 10, 12, 12, 13, 14, 14, 16, 18, 20, 24, 28, 32, 34,
    ),
}  # fmt: skip
CURVE_NAMES = tuple(CURVES)
_CUMULATIVE = np.cumsum(
    np.array([np.array(CURVES[name], dtype=float) / sum(CURVES[name]) for name in CURVE_NAMES]),
    axis=1,
)


@dataclass(frozen=True, slots=True)
class Day:
    """One simulated day: its number, its first second (UTC) and the whole run's limits."""

    number: int
    start: float
    run_start: float
    run_end: float

    @property
    def weekend(self) -> bool:
        """Whether the day is a Saturday or a Sunday in UTC."""
        return (int(self.start // DAY) + 3) % 7 >= 5


@dataclass(frozen=True, slots=True)
class Sittings:
    """Requests grouped in sessions: owner (position), session number, turn, time; one row each."""

    owner: Ints
    sitting: Ints
    turn: Ints
    time: Floats


def curve_codes(
    names: list[str], weights: list[float], size: int, rng: np.random.Generator
) -> Ints:
    """Curve numbers drawn for accounts."""
    chosen = rng.choice(len(names), size, p=np.array(weights) / sum(weights))
    return np.array([CURVE_NAMES.index(name) for name in names])[chosen]


def moments(rng: np.random.Generator, day: Day, curves: Ints, zones: Floats) -> Floats:
    """One time of the day for each row, by its curve (local hours) and its UTC offset in hours."""
    draws = rng.random(curves.size)
    local = np.zeros(curves.size)
    for code in np.unique(curves):
        rows = curves == code
        local[rows] = np.searchsorted(_CUMULATIVE[code], draws[rows], side="right")
    hours = np.minimum(local, 23) + rng.random(curves.size) - zones
    return day.start + np.mod(hours, 24.0) * HOUR


def counts(
    rng: np.random.Generator, rates: Floats, burst: float, weekend: Floats | float, day: Day
) -> Ints:
    """Numbers of things on a day: Poisson with a gamma-distributed daily mood (CV `burst`)."""
    mood = rng.gamma(1.0 / burst**2, burst**2, rates.size) if burst > 0 else 1.0
    factor = weekend if day.weekend else 1.0
    return rng.poisson(rates * mood * factor).astype(np.int64)


def sittings(
    rng: np.random.Generator,
    owners: Ints,
    starts: Floats,
    turns: Floats,
    think: Floats,
    think_sigma: float = 1.2,
) -> Sittings:
    """Sessions of geometric length (mean `turns`) with lognormal think times (median `think`).

    `owners`, `starts`, `turns` and `think` have one entry for each session.
    """
    lengths = rng.geometric(1.0 / np.maximum(turns, 1.0)).astype(np.int64)
    lengths = np.minimum(lengths, 600)
    return paced(rng, owners, starts, lengths, think, think_sigma)


def paced(
    rng: np.random.Generator,
    owners: Ints,
    starts: Floats,
    lengths: Ints,
    think: Floats,
    think_sigma: float,
) -> Sittings:
    """Sessions of given lengths with lognormal think times."""
    sitting = np.repeat(np.arange(owners.size), lengths)
    first = np.cumsum(lengths) - lengths
    turn = np.arange(sitting.size) - first[sitting]
    gaps = lognormal(rng, 1.0, think_sigma, sitting.size) * think[sitting]
    gaps[turn == 0] = 0.0
    elapsed = np.cumsum(gaps)
    elapsed -= elapsed[first[sitting]] if sitting.size else 0.0
    return Sittings(owners[sitting], sitting, turn, starts[sitting] + elapsed)
