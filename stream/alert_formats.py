"""Formats in which alert events are written, one line each."""

from __future__ import annotations

from collections.abc import Callable

from schemas.alert import AlertEvent
from schemas.codec import encode

AlertFormat = Callable[[AlertEvent], bytes]
"""One alert event as a line."""

DEFAULT_FORMAT = "native"

_FORMATS: dict[str, AlertFormat] = {DEFAULT_FORMAT: encode}


def alert_format_names() -> list[str]:
    """Names of all alert formats, sorted."""
    return sorted(_FORMATS)


def alert_format(name: str) -> AlertFormat:
    """The format of that name.

    Raises:
        KeyError: No such format; `alert_format_names` lists them.
    """
    return _FORMATS[name]
