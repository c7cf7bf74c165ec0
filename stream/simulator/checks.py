"""The same prompts at a constant period: health checks of customers, canaries of campaigns."""

from __future__ import annotations

import numpy as np

from stream.simulator.outcome import dress, finish
from stream.simulator.randomness import Floats, Ints, mix, uniform_of
from stream.simulator.rhythm import DAY, Day
from stream.simulator.rows import Rows, blank
from stream.simulator.world import World

MINUTE = 60.0
PERIODS = np.array([5, 10, 15, 30, 60, 120, 360, 720, 1440]) * MINUTE


def usual_periods(accounts: Ints) -> Floats:
    """A lasting period for each account, seconds."""
    chosen: Floats = PERIODS[(mix(accounts, 111) % np.uint64(PERIODS.size)).astype(np.int64)]
    return chosen


def checks(
    world: World,
    rng: np.random.Generator,
    accounts: Ints,
    periods: Floats,
    texts: list[Ints],
    day: Day,
) -> Rows:
    """A day's checks: each account sends its texts one after the other, once a period.

    `texts` are numbers of fixed prompts, a set an account. Phases hang on the account's number.
    """
    phases = periods * uniform_of(accounts, 112)
    owners, times, prompts = [], [], []
    for place, (period, phase) in enumerate(zip(periods.tolist(), phases.tolist(), strict=True)):
        first = np.ceil((day.start - world.scenario.start - phase) / period)
        begins = world.scenario.start + phase + period * (first + np.arange(DAY / period + 1))
        begins = begins[begins < day.start + DAY]
        within = np.arange(texts[place].size)
        times.append((begins[:, None] + 3.0 * within[None, :]).ravel())
        prompts.append(np.tile(texts[place], begins.size))
        owners.append(np.full(times[-1].size, place))
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int64)
    rows = blank(owner.size)
    if not owner.size:
        return rows
    rows["time"] = np.concatenate(times) + rng.exponential(0.4, owner.size)
    rows["account"] = accounts[owner]
    rows["session"] = np.arange(owner.size) + int(rng.integers(1 << 40, 1 << 46))
    dress(world, rows)
    rows["session"], rows["n"], rows["tools"] = -1, 1, -1
    rows["fixed"] = np.concatenate(prompts)
    rows["input"] = 8 + mix(rows["fixed"].astype(np.int64), 113) % np.uint64(60)
    rows["output"] = np.minimum(rng.geometric(0.05, owner.size), 400)
    return finish(world, rng, rows)
