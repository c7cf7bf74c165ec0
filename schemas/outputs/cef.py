"""CEF 0 (ArcSight Common Event Format): a bare line, or within a syslog message of RFC 5424.

A line has at most 2,048 bytes with its syslog header, which every collector should take; an event
that needs more becomes several lines, `cn1` of `cn2`, each with the identity of the event.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8

from schemas.alert import AlertEvent, Severity
from schemas.outputs._parts import encoded, parts
from schemas.outputs._shared import SEVERITY_NUMBER, milliseconds
from schemas.product import NAME, VENDOR, VERSION

MAX_BYTES = 2_048
_SYSLOG_HEADER_BYTES = 80

_KEYS = {
    "title": "msg",
    "reason": "reason",
    "accounts": "suser",
    "evidence": "cs1",
    "ties": "cs2",
    "examples": "cs3",
    "techniques": "cs4",
    "references": "cs5",
}
_LOCAL_0 = 16
_SYSLOG_SEVERITY: dict[Severity, int] = {
    "critical": 2,
    "high": 3,
    "medium": 4,
    "low": 5,
    "info": 6,
}


def write(event: AlertEvent) -> list[bytes]:
    """The event as CEF lines."""
    return [text.encode() for text in _lines(event)]


def write_syslog(event: AlertEvent) -> list[bytes]:
    """The event as syslog messages, without the framing of a transport.

    The host is left to the relay; a message that is not ASCII begins with a byte order mark, as
    RFC 5424 asks of UTF-8.
    """
    priority = _LOCAL_0 * 8 + _SYSLOG_SEVERITY[event.severity]
    header = f"<{priority}>1 {event.time} - gauger - alert.{event.activity} - "
    return [
        header.encode() + (b"" if text.isascii() else BOM_UTF8) + text.encode()
        for text in _lines(event)
    ]


def _lines(event: AlertEvent) -> list[str]:
    header = "|".join(
        _header_field(text)
        for text in (
            *("CEF:0", VENDOR, NAME, VERSION, event.detector),
            *(event.title, str(2 * SEVERITY_NUMBER[event.severity])),
        )
    )
    identity = f"{header}|{_extension(_identity(event))}"
    taken = len(identity.encode()) + len(_extension(_part(9_999, 9_999))) + 2
    room = MAX_BYTES - _SYSLOG_HEADER_BYTES - taken
    found = parts(event, lambda key, value: len(_listed(key, value).encode()) + 1, room)
    return [
        " ".join(
            [
                identity,
                _extension(_part(number, len(found))),
                *(_listed(key, value) for key, value in pairs.items()),
            ]
        )
        for number, pairs in enumerate(found, 1)
    ]


def _identity(event: AlertEvent) -> dict[str, str]:
    return {
        "rt": str(milliseconds(event.time)),
        "start": str(milliseconds(event.first_seen)),
        "end": str(milliseconds(event.last_seen)),
        "externalId": encoded(event.alert_id),
        "act": event.response.action,
        "cat": event.activity,
        "cn3": str(event.sequence),
        "cn3Label": "sequence",
        "cs6": f"{event.entity.kind} {encoded(event.entity.id)}",
        "cs6Label": "entity",
        "flexString1": encoded(event.event_id),
        "flexString1Label": "event",
        "flexNumber1": str(event.accounts_total),
        "flexNumber1Label": "accounts_total",
        "flexNumber2": str(event.requests),
        "flexNumber2Label": "requests",
        "cfp1": repr(event.p_value),
        "cfp1Label": "p_value",
        "cfp2": repr(event.q_value),
        "cfp2Label": "q_value",
    }


def _part(number: int, total: int) -> dict[str, str]:
    return {"cn1": str(number), "cn1Label": "part", "cn2": str(total), "cn2Label": "parts"}


def _listed(key: str, value: str) -> str:
    pair = {_KEYS[key]: value}
    if _KEYS[key].startswith("cs"):
        pair[f"{_KEYS[key]}Label"] = key
    return _extension(pair)


def _header_field(text: str) -> str:
    """A field before the last pipe: it cannot hold a line break, and 512 characters are enough."""
    on_one_line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)[:512]
    return on_one_line.replace("\\", "\\\\").replace("|", "\\|")


def _extension(pairs: dict[str, str]) -> str:
    return " ".join(f"{key}={_extension_value(value)}" for key, value in pairs.items())


def _extension_value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


FORMATS = {"cef": write, "syslog": write_syslog}
