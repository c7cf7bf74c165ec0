"""Sharing: one fragment, payment, network, client or set of tools over many owners' accounts."""

from __future__ import annotations

import numpy as np

from models.features import Values
from models.pooling import TieFeature, TieView


def _members(view: TieView) -> Values:
    return np.log2(view.members) / 10.0


def _dominance(view: TieView) -> Values:
    """Mean share of a member's requests that carry the value."""
    return view.records["shares"] / 65536.0 / view.members


def _owners(view: TieView) -> Values:
    """Owners a member, where owners are known: 1 means that nobody belongs together openly."""
    known = np.maximum(view.records["owned"], 1)
    ratio = view.records["owners"] / known
    return np.where(view.records["owned"] * 2 < view.members, 0.5, ratio)


def _joining(view: TieView) -> Values:
    """How close together in time the members first showed the value (1: within an hour)."""
    spread_hours = view.joined_spread * (view.epoch_seconds / 3600.0)
    return 1.0 / (1.0 + np.log2(1.0 + spread_hours))


TIE_FEATURES = (
    TieFeature("members", _members, 0.3, "few accounts share it", "many accounts share it"),
    TieFeature("dominance", _dominance, 0.5, "a side matter for its users", "most of what they send"),
    TieFeature("owners", _owners, 0.5, "accounts of few owners", "accounts of unrelated owners"),
    TieFeature("joining", _joining, 0.2, "taken up over a long time", "taken up together"),
)
