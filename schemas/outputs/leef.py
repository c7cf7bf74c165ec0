"""LEEF 2.0 (IBM QRadar): attributes parted by tabs; several lines as in CEF.

The standard has no escapes: tabs and line breaks within a value are percent-encoded.
"""

from __future__ import annotations

import re

from schemas.alert import AlertEvent
from schemas.outputs._parts import encoded, parts
from schemas.outputs._shared import SEVERITY_NUMBER, milliseconds
from schemas.product import NAME, VENDOR, VERSION

MAX_BYTES = 2_048
_KEYS = {"accounts": "usrName", "title": "msg"}


def write(event: AlertEvent) -> list[bytes]:
    """The event as LEEF lines."""
    header = "|".join(
        # The standard has no escape for a pipe in the header.
        re.sub(r"[|\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text)
        for text in ("LEEF:2.0", VENDOR, NAME, VERSION, event.detector, "0x09")
    )
    identity = f"{header}|{_attributes(_identity(event))}"
    taken = len(identity.encode()) + len(_attributes(_part(9_999, 9_999))) + 2
    found = parts(
        event,
        lambda key, value: len(_attributes({_KEYS.get(key, key): value}).encode()) + 1,
        MAX_BYTES - taken,
    )
    return [
        "\t".join(
            [
                identity,
                _attributes(_part(number, len(found))),
                _attributes({_KEYS.get(key, key): value for key, value in pairs.items()}),
            ]
        ).encode()
        for number, pairs in enumerate(found, 1)
    ]


def _identity(event: AlertEvent) -> dict[str, str]:
    return {
        "devTime": str(milliseconds(event.time)),
        "cat": event.activity,
        "sev": str(2 * SEVERITY_NUMBER[event.severity]),
        "alertId": encoded(event.alert_id),
        "eventId": encoded(event.event_id),
        "sequence": str(event.sequence),
        "entity": f"{event.entity.kind} {encoded(event.entity.id)}",
        "action": event.response.action,
        "accountsTotal": str(event.accounts_total),
        "requests": str(event.requests),
        "pValue": repr(event.p_value),
        "qValue": repr(event.q_value),
        "firstSeen": event.first_seen,
        "lastSeen": event.last_seen,
    }


def _part(number: int, total: int) -> dict[str, str]:
    return {"part": str(number), "parts": str(total)}


def _attributes(pairs: dict[str, str]) -> str:
    return "\t".join(f"{key}={value}" for key, value in pairs.items())


FORMATS = {"leef": write}
