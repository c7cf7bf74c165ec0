"""Canaries: the same text again and again at a constant period, to see whether answers change."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk


def _canaries(view: ProfileView) -> Values:
    """Share of active epochs in which the kept text came back after as long as the time before."""
    returns = view.records["returns"].astype(np.float64)
    return shrunk(returns, view.records["active"].astype(np.float64), usual=0.0, weight=4.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "canaries", 0.0, 1.0, _canaries, "no text at a constant period", "one text like clockwork"
    ),
)
