"""Sign-up path: new accounts on plans that are given on application and not paid for."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values
from models.requests.batch import PROGRAMMES

_OLD = 13.0
"""Doublings of hours after which an account is no longer new: eleven months."""


def _programme(view: ProfileView) -> Values:
    """How new an account on such a plan is; 0 on any other plan and where the plan is unknown."""
    newness = np.maximum(_OLD - np.log2(1.0 + view.age_hours), 0.0)
    return np.where(view.records["plan"] == PROGRAMMES, newness, 0.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "programme", 0.0, _OLD, _programme, "no new account of a programme",
        "new accounts on education, research or start-up plans", everyone=True,
    ),
)  # fmt: skip
