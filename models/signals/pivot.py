"""Model pivot: a group turns to another model, more than the population does on the same day."""

from __future__ import annotations

from models.features import AccountFeature, ProfileView, Values, shrunk


def _pivot(view: ProfileView) -> Values:
    """Share of recent requests to models that the account had not used the day before.

    Its rank is the difference to the population's own shift, which a release moves too.
    """
    moved, settled = view.moved("models")
    return shrunk(moved, settled, usual=0.0, weight=6.0)


ACCOUNT_FEATURES = (
    AccountFeature("pivot", 0.0, 1.0, _pivot, "the models of old", "turned to a new model of late"),
)
