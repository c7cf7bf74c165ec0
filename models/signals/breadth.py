"""Breadth: a relay carries many people's traffic, so one account shows too many of everything."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values


def _distinct(name: str, few: str, many: str) -> AccountFeature:
    def compute(view: ProfileView) -> Values:
        return np.log2(1.0 + view.distinct(name))

    return AccountFeature(name, 0.0, 9.0, compute, few, many)


def _turnover(view: ProfileView) -> Values:
    """Sessions a request: high for one-shot callers, low for long conversations."""
    return np.log2((1.0 + view.distinct("sessions")) / (1.0 + view.requests))


ACCOUNT_FEATURES = (
    _distinct("networks", "one network", "many networks"),
    _distinct("clients", "one client program", "many client programs"),
    _distinct("end_users", "no or one end user", "many end users"),
    _distinct("models", "one model", "many models"),
    _distinct("scripts", "one writing system", "many writing systems"),
    _distinct("toolsets", "one set of tools", "many sets of tools"),
    AccountFeature("turnover", -8.0, 1.0, _turnover, "long sessions", "a session a request"),
)
