"""A finding in one line for people, as chats show it."""

from __future__ import annotations

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from schemas.errors import InvalidRecord

_STEPS = {"create": "", "update": "update: ", "close": "closed: "}


def text_of(body: bytes) -> str:
    """A native alert in a few words; anything else as it is. No control characters."""
    try:
        text = _said(decode_alert(body))
    except InvalidRecord:
        text = body.decode("utf-8", "replace")
    return "".join(one if one.isprintable() else " " for one in text)


def _said(event: AlertEvent) -> str:
    """Severity, what it is, how large, what to do, and under which id to look."""
    size = f"{event.accounts_total:,} accounts, {event.requests:,} requests"
    until = f"{event.first_seen[:16]}Z to {event.last_seen[:16]}Z"
    advice = f"{event.response.action}: {event.response.reason}"
    head = f"[{event.severity.upper()}] {_STEPS[event.activity]}{event.title}"
    return f"{head} | {size}, {until} | {advice} | {event.alert_id}"
