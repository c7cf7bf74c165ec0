"""Usual records by typed parsing: the quick way that most take, to what the general way gives too.

The general way parses a record to plain objects and reads them with patience. Here a format
declares, as a struct, the members that it reads and the types that they usually have; the parser
skips all others. Whatever does not fit, and members that would change the meaning (`Absent`), is
`Unusual` and takes the general way, which alone refuses. One difference is left: a number that no
double holds is told only where it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Struct, UnsetType

from schemas.codec import MAX_LINE
from schemas.errors import InvalidRecord
from schemas.reading.values import unix_time
from schemas.request import MAX_IDENTIFIER, RequestEvent
from schemas.times import MAX_SECONDS

Absent = UnsetType
"""Type of a member with which a record is not usual, whatever it holds."""

Name = Annotated[str, msgspec.Meta(max_length=MAX_IDENTIFIER)]
"""A text that may become an id or an account."""

TextTime = Annotated[str, msgspec.Meta(max_length=64)]
"""A time as RFC 3339."""

UnixTime = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | Annotated[float, msgspec.Meta(ge=0)]
"""A time as a number, in any unit."""

_AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
_Record = TypeVar("_Record", bound=Struct)


class Unusual(Exception):  # it is no error: the general way knows what to do
    """A record that takes the general way."""


class Usual(Generic[_Record]):
    """The quick way of one format.

    Args:
        record: The members that are read, with their usual types.
        read: From a record to its event; raises `Unusual`.
    """

    def __init__(self, record: type[_Record], read: Callable[[_Record], RequestEvent]) -> None:
        self._decode = msgspec.json.Decoder(record).decode
        self._read = read

    def __call__(self, line: bytes) -> RequestEvent | None:
        """The event of a line that holds one usual record; None for all other lines."""
        if len(line) > MAX_LINE:
            return None
        try:
            # The parser takes any bytes in what it skips; the text must be valid all over.
            return self._read(self._decode(line.decode()))
        except (Unusual, InvalidRecord, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


def required(name: str | None) -> str:
    """An id or account that is there; raises `Unusual` for none."""
    if not name:
        raise Unusual
    return name


def seconds(value: float | str) -> float:
    """Unix seconds of a time in any form; raises `Unusual` where that is beyond belief."""
    if isinstance(value, str):
        time: object = msgspec.convert(value, _AwareDatetime).timestamp()
    else:
        time = unix_time(value)
    if not isinstance(time, float) or not 0 <= time <= MAX_SECONDS:
        raise Unusual
    return time
