"""Young accounts at full use: no ramp between sign-up and a heavy load."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values


def _age(view: ProfileView) -> Values:
    return np.log2(1.0 + view.age_hours)


def _ramp(view: ProfileView) -> Values:
    return np.log2(1.0 + view.records["lifetime"] / (1.0 + view.age_hours / 24.0))


def _volume(view: ProfileView) -> Values:
    return np.log2(1.0 + view.requests)


ACCOUNT_FEATURES = (
    AccountFeature("age", 0.0, 16.0, _age, "young accounts", "old accounts"),
    AccountFeature("ramp", 0.0, 14.0, _ramp, "slow starts", "heavy use since sign-up"),
    AccountFeature("volume", 0.0, 16.0, _volume, "few requests", "many requests"),
)
