"""Plan against use: throughput of an enterprise on a plan for one person, from the first day on."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk


def _load(view: ProfileView) -> Values:
    """Tokens a day, read and written; ranks are among accounts of the same group of plans."""
    daily = np.log2(1.0 + view.total("tokens") / view.days)
    known = view.total("known_input")
    return shrunk(daily * known, known, usual=15.0, weight=2.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "load", 0.0, 36.0, _load, "a light load for the plan", "a heavy load for the plan"
    ),
)
