"""Failover: when one pathway is blocked, the load moves to another within minutes."""

from __future__ import annotations

from models.features import AccountFeature, ProfileView, Values, shrunk


def _routes(view: ProfileView) -> Values:
    """Share of recent requests over pathways that the account had not used the day before."""
    moved, settled = view.moved("routes")
    return shrunk(moved, settled, usual=0.0, weight=6.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "rerouted", 0.0, 1.0, _routes, "the pathways of old", "moved to a new pathway of late"
    ),
)
