"""What several output formats need of an alert event."""

from __future__ import annotations

import ipaddress

import msgspec
import orjson

from schemas.alert import AlertEvent, Severity
from schemas.times import to_microseconds

SEVERITY_NUMBER: dict[Severity, int] = {
    "info": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
}
"""1 to 5, as OCSF counts; other scales are multiples."""


def line(record: object) -> bytes:
    """A value, records within it included, as JSON on one line."""
    return orjson.dumps(msgspec.to_builtins(record))


def milliseconds(time: str) -> int:
    """Unix milliseconds of a time of ours."""
    return to_microseconds(time, "time") // 1000


def values(event: AlertEvent, *kinds: str) -> list[str]:
    """Shared values in clear of ties of these kinds, each once."""
    shown = (tie.value for tie in event.ties if tie.kind in kinds and tie.value)
    return list(dict.fromkeys(shown))


def addresses(event: AlertEvent) -> list[str]:
    """Single IP addresses among the shared values."""
    return [value for value in values(event, "address", "network") if is_address(value)]


def is_address(value: str) -> bool:
    """Whether a text is a single IP address, not a network and nothing else."""
    try:
        return str(ipaddress.ip_address(value)) == value
    except ValueError:
        return False


def confidence(event: AlertEvent) -> int:
    """How sure a finding is, in percent: the share of findings as strong that would be true."""
    return round(100 * (1 - event.q_value))
