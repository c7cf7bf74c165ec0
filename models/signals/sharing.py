"""Sharing: one fragment, payment, network, client or set of tools over many owners' accounts."""

from __future__ import annotations

import numpy as np

from models.features import Values
from models.pooling import TieFeature, TieView
from models.requests.kinds import TieKind


def _members(view: TieView) -> Values:
    return np.log2(view.members) / 10.0


def _dominance(view: TieView) -> Values:
    """Mean share of a member's requests that carry the value."""
    return view.records["shares"] / 65536.0 / view.members


def _owners(view: TieView) -> Values:
    """Owners a member: 1 when all differ, near 0 when one stands for all; 1 when unknown."""
    return view.distinct_share("owners", "owned")


def _payments(view: TieView) -> Values:
    """The same for payment instruments; its own ties have 1: no news."""
    return view.distinct_share("payments", "paying", TieKind.PAYMENT)


def _networks(view: TieView) -> Values:
    """The same for networks."""
    return view.distinct_share("networks", "located", TieKind.ADDRESS, TieKind.NETWORK)


def _hidden(view: TieView) -> Values:
    """Shared payments or networks among members of different owners: relations nobody states."""
    return _owners(view) * (1.0 - np.minimum(_payments(view), _networks(view)))


def _joining(view: TieView) -> Values:
    """How close together in time the members first showed the value (1: within an hour)."""
    spread_hours = view.joined_spread * (view.epoch_seconds / 3600.0)
    return 1.0 / (1.0 + np.log2(1.0 + spread_hours))


TIE_FEATURES = (
    TieFeature("members", _members, 0.3, "few accounts share it", "many accounts share it"),
    TieFeature(
        "dominance", _dominance, 0.5, "a side matter for its users", "most of what they send"
    ),
    TieFeature("owners", _owners, 0.5, "accounts of few owners", "accounts of unrelated owners"),
    TieFeature("payments", _payments, 0.9, "few payment instruments", "payments of their own"),
    TieFeature("networks_shared", _networks, 0.9, "few networks", "networks of their own"),
    TieFeature(
        "hidden", _hidden, 0.1, "strangers indeed", "strangers who share payment or network"
    ),
    TieFeature("joining", _joining, 0.2, "taken up over a long time", "taken up together"),
)
