"""Refusals: a probe tries many techniques and is mostly refused, before a harvest starts."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk


def _refused(view: ProfileView) -> Values:
    return shrunk(view.total("refused"), view.requests, usual=0.01, weight=6.0)


def _failed(view: ProfileView) -> Values:
    return shrunk(view.total("failed"), view.requests, usual=0.02, weight=6.0)


def _techniques(view: ProfileView) -> Values:
    """Distinct texts that were refused."""
    return np.log2(1.0 + view.distinct("techniques"))


ACCOUNT_FEATURES = (
    AccountFeature("refused", 0.0, 1.0, _refused, "nothing refused", "many refusals"),
    AccountFeature("failed", 0.0, 1.0, _failed, "no errors", "many errors"),
    AccountFeature(
        "techniques", 0.0, 9.0, _techniques, "few texts refused", "many different texts refused"
    ),
)
