"""Output economics: a harvest pays for answers, so little goes in and much comes out."""

from __future__ import annotations

from models.features import AccountFeature, ProfileView, Values, shrunk


def _ratio(view: ProfileView) -> Values:
    """Doublings between what was read and what was written, on the mean."""
    written = shrunk(view.total("log_output"), view.total("known_output"), usual=7.5, weight=2.0)
    return written - shrunk(view.total("log_input"), view.total("known_input"), 9.5, 2.0)


def _samples(view: ProfileView) -> Values:
    """Doublings of the completions asked for; one where the caller says nothing."""
    return shrunk(view.total("log_samples"), view.requests, usual=0.0, weight=4.0)


ACCOUNT_FEATURES = (
    AccountFeature(
        "ratio", -18.0, 14.0, _ratio, "long inputs, short answers", "answers outweigh inputs"
    ),
    AccountFeature("samples", 0.0, 7.0, _samples, "one answer a request", "many answers a request"),
)
