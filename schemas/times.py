"""Event times: Unix seconds or RFC 3339 on the wire, integer microseconds inside."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from schemas.errors import InvalidRecord

MAX_SECONDS = 253_402_300_799
"""The last second of the year 9999; later times are neither valid RFC 3339 nor believable."""

UnixSeconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
Rfc3339 = Annotated[str, msgspec.Meta(max_length=64, extra_json_schema={"format": "date-time"})]
EventTime = UnixSeconds | Rfc3339
"""A time as it may stand in a record that Gauger reads."""

UtcTime = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$",
        extra_json_schema={"format": "date-time"},
    ),
]
"""A time as it stands in every record that Gauger writes: RFC 3339 in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_MICROSECONDS = MAX_SECONDS * 1_000_000
_AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


def to_microseconds(value: float | str, field: str) -> int:
    """Microseconds since 1970 in UTC of Unix seconds (number) or an RFC 3339 time (string).

    Digits beyond the microsecond are rounded.

    Raises:
        InvalidRecord: Not finite, not RFC 3339 with an offset, or outside the years 1970 to 9999.

    >>> to_microseconds("1970-01-01T01:00:00.5+01:00", "time")
    500000
    >>> to_microseconds(1.25, "time")
    1250000
    """
    microseconds = _parsed(value, field) if isinstance(value, str) else _scaled(value, field)
    if not 0 <= microseconds <= _MAX_MICROSECONDS:
        raise InvalidRecord("time is outside the years 1970 to 9999", field)
    return microseconds


def to_seconds(value: float | str, field: str) -> float:
    """Unix seconds of a time in either form; exact to the microsecond until the year 2242.

    Raises:
        InvalidRecord: As `to_microseconds`.
    """
    microseconds = to_microseconds(value, field)
    return microseconds / 1_000_000 if isinstance(value, str) else float(value)


def to_rfc3339(microseconds: int) -> str:
    """RFC 3339 in UTC, always with six decimals, so that text order is time order.

    Raises:
        OverflowError: Outside the years 1 to 9999.

    >>> to_rfc3339(1_250_000)
    '1970-01-01T00:00:01.250000Z'
    """
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _parsed(text: str, field: str) -> int:
    try:
        moment = msgspec.convert(text, _AwareDatetime)
    except msgspec.ValidationError:
        raise InvalidRecord("time is not RFC 3339 with an offset", field) from None
    return (moment - _EPOCH) // _MICROSECOND


def _scaled(seconds: float, field: str) -> int:
    if isinstance(seconds, int):
        return seconds * 1_000_000
    if not math.isfinite(seconds):
        raise InvalidRecord("time is not finite", field)
    # The fraction is taken off first: it is exact, the product of the whole would be rounded.
    whole = math.floor(seconds)
    return whole * 1_000_000 + round((seconds - whole) * 1_000_000)
