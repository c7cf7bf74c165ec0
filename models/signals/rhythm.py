"""Rhythm: people sleep, pipelines do not; people come in bursts, load balancers do not."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk
from models.layouts import HOURS

_NIGHT = 8


def _night(view: ProfileView) -> Values:
    """Share of requests in the account's quietest eight hours of the day, wherever its night is."""
    # A row an hour: so all accounts are summed up at once, each in the order of its hours.
    by_hour = np.ascontiguousarray(view.hours.T)
    running = np.zeros((HOURS + _NIGHT, len(view.hours)))
    np.cumsum(np.concatenate([by_hour, by_hour[: _NIGHT - 1]]), axis=0, out=running[1:])
    quietest = (running[_NIGHT:] - running[:-_NIGHT]).min(axis=0)
    share = quietest / view.all_hours
    active = view.records["active"].astype(np.float64)
    return shrunk(share * active, active, usual=0.03, weight=10.0)


def _day(view: ProfileView) -> Values:
    """Entropy of the hour of the day over its largest, drawn to the usual one."""
    shares = view.hours / view.all_hours[:, np.newaxis]
    logarithms = np.zeros_like(shares)
    # Most accounts are active in few hours.
    np.log(np.maximum(shares, 1e-12), out=logarithms, where=shares > 0.0)
    entropy = -(shares * logarithms).sum(axis=1) / np.log(HOURS)
    active = view.records["active"].astype(np.float64)
    return shrunk(entropy * active, active, usual=0.6, weight=10.0)


def _idle(view: ProfileView) -> Values:
    longest = np.maximum(view.records["idle"], view.records["old_idle"])
    doublings: Values = np.log2(1.0 + longest / 6e7)
    return doublings


def _pace(view: ProfileView) -> Values:
    """Requests in an active epoch."""
    return np.log2(1.0 + shrunk(view.requests, view.records["active"].astype(np.float64), 3.0, 2.0))


def _bursts(view: ProfileView) -> Values:
    """Requests in an active sixtieth of an epoch."""
    return np.log2(shrunk(view.requests, view.records["busy"].astype(np.float64), 1.2, 4.0))


ACCOUNT_FEATURES = (
    AccountFeature("night", 0.0, 0.34, _night, "a nightly pause", "no nightly pause"),
    AccountFeature("day", 0.0, 1.0, _day, "use in few hours of the day", "use around the clock"),
    AccountFeature("idle", 0.0, 14.0, _idle, "never idle for long", "long idle times"),
    AccountFeature("pace", 0.0, 10.0, _pace, "sparse requests", "dense requests"),
    AccountFeature("bursts", -0.5, 6.0, _bursts, "evenly spaced requests", "bursts"),
)
