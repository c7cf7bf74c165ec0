"""Gauger's own alert events, one JSON object each."""

from __future__ import annotations

from schemas.alert import AlertEvent
from schemas.codec import encode


def write(event: AlertEvent) -> list[bytes]:
    """The event as it stands on the alert topic."""
    return [encode(event)]


FORMATS = {"native": write}
