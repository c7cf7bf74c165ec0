"""Plain figures of accounts: counts, means, spreads, distinct values, rhythm."""

from __future__ import annotations

from typing import Any

import numpy as np

from stream.simulator.accounts import Accounts
from stream.simulator.randomness import Floats, Ints
from stream.simulator.rows import Rows

_MEASURES = (
    "input", "cached", "output", "reasoning", "max_tokens", "temperature", "messages", "images",
    "latency", "words",
)  # fmt: skip
_DISTINCT = ("model", "route", "network", "host", "client", "session", "system", "tools", "key",
             "end_user", "operation")  # fmt: skip
_LEAST = 3


def account_figures(rows: Rows, people: Accounts) -> dict[str, Any]:
    """One value for each account with at least three requests, by name; `campaign` among them."""
    rows = rows[np.lexsort((rows["time"], rows["account"]))]
    accounts, first, counts = np.unique(rows["account"], return_index=True, return_counts=True)
    group = np.repeat(np.arange(accounts.size), counts)
    figures: dict[str, Any] = {"count": counts.astype(np.float64)}
    for name in _MEASURES:
        values = np.nan_to_num(rows[name].astype(np.float64), nan=-1.0)
        mean = np.add.reduceat(values, first) / counts
        spread = np.sqrt(np.add.reduceat((values - mean[group]) ** 2, first) / counts)
        figures[f"{name}_mean"], figures[f"{name}_spread"] = mean, spread
    for name in _DISTINCT:
        figures[f"{name}_distinct"] = _distinct(group, rows[name].astype(np.int64), accounts.size)
    figures["refused_share"] = np.add.reduceat(rows["refused"].astype(np.float64), first) / counts
    figures["failed_share"] = (
        np.add.reduceat((rows["status"] != 200).astype(np.float64), first) / counts
    )
    figures["age"] = rows["time"][first] - people["created"][accounts]
    figures.update(_rhythm(rows["time"], group, first, counts))
    enough = counts >= _LEAST
    figures["campaign"] = people["campaign"][accounts]
    return {name: values[enough] for name, values in figures.items()}


def _distinct(group: Ints, values: Ints, size: int) -> Floats:
    order = np.lexsort((values, group))
    group, values = group[order], values[order]
    fresh = np.ones(group.size, dtype=bool)
    fresh[1:] = (group[1:] != group[:-1]) | (values[1:] != values[:-1])
    return np.bincount(group[fresh], minlength=size).astype(np.float64)


def _rhythm(times: Floats, group: Ints, first: Ints, counts: Ints) -> dict[str, Floats]:
    gaps = np.diff(times, prepend=times[:1])
    gaps[first] = 0.0
    steps = np.maximum(counts - 1, 1)
    mean = np.add.reduceat(gaps, first) / steps
    squares = np.add.reduceat(gaps**2, first) / steps
    hours = (times // 3600.0).astype(np.int64)
    of_day = hours % 24
    active = _distinct(group, hours, first.size)
    span = times[first + counts - 1] - times[first]
    return {
        "gap_mean": mean,
        "gap_variation": np.sqrt(np.maximum(squares - mean**2, 0.0)) / np.maximum(mean, 1e-9),
        "longest_gap": np.maximum.reduceat(gaps, first),
        "span": span,
        "active_hours": active,
        "busy": counts / active,
        "hours_of_day": _distinct(group, of_day, first.size),
        "night_share": np.add.reduceat((of_day < 6).astype(np.float64), first) / counts,
        "weekend_share": np.add.reduceat(
            ((times // 86_400.0 + 3) % 7 >= 5).astype(np.float64), first
        )
        / counts,
    }
