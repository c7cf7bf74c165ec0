"""Similarity of queries: how much of what an account asks at one time it asks twice."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk


def _likeness(view: ProfileView) -> Values:
    """Share of the fragments of an epoch that another of its requests had shown before.

    Only epochs of two requests or more count, so that sparse use does not look varied.
    """
    again = view.records["again"].astype(np.float64)
    return shrunk(again, view.records["shown"].astype(np.float64), usual=0.15, weight=12.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "likeness", 0.0, 1.0, _likeness, "requests unlike one another", "requests like one another"
    ),
)
