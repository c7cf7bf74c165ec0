"""A short text for people, one line, as chats show it."""

from __future__ import annotations

from schemas.alert import AlertEvent

_STEPS = {"create": "", "update": "update: ", "close": "closed: "}


def text(event: AlertEvent) -> list[bytes]:
    """Severity, what it is, how large, what to do, and where to look."""
    step = _STEPS[event.activity]
    size = f"{event.accounts_total:,} accounts, {event.requests:,} requests"
    until = f"{event.first_seen[:16]}Z to {event.last_seen[:16]}Z"
    advice = f"{event.response.action}: {event.response.reason}"
    line = (
        f"[{event.severity.upper()}] {step}{event.title} | {size}, {until} | {advice} "
        f"| {event.alert_id}"
    )
    return [" ".join(line.split()).encode()]


FORMATS = {"text": text}
