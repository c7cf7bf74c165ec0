"""Regions: one account from many countries, as residential proxies and resold accounts show it."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values


def _countries(view: ProfileView) -> Values:
    """Distinct countries of late; one where none is known."""
    return np.log2(1.0 + np.maximum(view.distinct("countries"), 1.0))


ACCOUNT_FEATURES = (
    AccountFeature("countries", 0.5, 9.0, _countries, "one country", "many countries"),
)
