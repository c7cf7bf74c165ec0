"""Usual records by typed parsing: the quick way that most take, to what the general way gives too.

The general way parses a record to plain objects and reads them with patience. Here a format
declares, as a struct, the members that it reads and the types that they usually have; the parser
skips all others. Whatever does not fit, and members that would change the meaning (`Absent`), is
`Unusual` and takes the general way, which alone refuses. One difference is left: a number that no
double holds is told only where it is read.

What is usual for one format is never taken for another: the marks of those are `Absent` too. Events
are built by position, a field a line: by name it takes more than twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Annotated, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct, UnsetType

from schemas.codec import MAX_LINE
from schemas.errors import InvalidRecord
from schemas.reading.fitting import fitting_event, found_fields
from schemas.reading.overrides import Override, overridden
from schemas.reading.paths import FieldPaths
from schemas.reading.values import Json, unix_time
from schemas.request import MAX_IDENTIFIER, RequestEvent
from schemas.times import MAX_SECONDS

Absent = UnsetType
"""Type of a member with which a record is not usual, whatever it holds."""

Name = Annotated[str, msgspec.Meta(max_length=MAX_IDENTIFIER)]
"""A text that may become an id or an account."""

TextTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time as RFC 3339."""

UnixTime = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | Annotated[float, msgspec.Meta(ge=0)]
"""A time as a number, in any unit."""

UsualLine = Callable[[bytes], list[RequestEvent] | None]
"""The events of a line of usual records; None for all other lines."""

_PLAIN_SECONDS = 1e11
_LEAST_MICROSECONDS = 1e14
_Record = TypeVar("_Record", bound=Struct)


class Unusual(Exception):  # it is no error: the general way knows what to do
    """A record that takes the general way."""


TAKES_THE_GENERAL_WAY = (
    *(Unusual, InvalidRecord, msgspec.DecodeError, ValueError, RecursionError),
)
"""What tells that a line is not usual, or no record at all."""


class Usual(Protocol):
    """The quick way of one format."""

    def reader(self, paths: FieldPaths | None) -> UsualLine:
        """What reads lines, with the operator's paths for this format."""


class UsualRecords(Generic[_Record]):
    """The quick way of a format whose records are a struct.

    Args:
        record: The members that are read, with their usual types.
        read: From a record to its event, whose id and account may be empty; raises `Unusual`.
        absent: A text that stands for nothing where the record has it as a member.
    """

    def __init__(
        self, record: type[_Record], read: Callable[[_Record], RequestEvent], absent: str = ""
    ) -> None:
        self._record = record
        self._read = read
        self._absent = absent
        self._plain = self._with(record, None)
        self._of_paths = lru_cache(32)(self._overridden)

    def reader(self, paths: FieldPaths | None) -> UsualLine:
        """What reads lines, with the operator's paths for this format."""
        if not paths:
            return self._plain
        return self._of_paths(tuple((name, tuple(several)) for name, several in paths.items()))

    def _overridden(self, paths: tuple[tuple[str, tuple[str, ...]], ...]) -> UsualLine:
        try:
            return self._with(*overridden(self._record, dict(paths), self._absent))
        except ValueError:
            return _none

    def _with(self, record: type[_Record], override: Override | None) -> UsualLine:
        several = Annotated[list[record], msgspec.Meta(min_length=1)]  # type: ignore[valid-type]
        decode, read = msgspec.json.Decoder(record | several).decode, self._read

        def events_of(line: bytes) -> list[RequestEvent] | None:
            try:
                found = decode(valid(line))
                if isinstance(found, list):
                    events = list(map(read, found))
                else:
                    events, found = [read(found)], [found]
                if override is not None:
                    override(line, found, events)
            except TAKES_THE_GENERAL_WAY:
                return None
            for event in events:
                if not event.id or not event.account:
                    return None
            return events

        return events_of


class UsualItems:
    """The quick way of a format that is read from plain objects.

    Args:
        decode: From a line to its items, into which the operator's paths lead; raises `Unusual`.
        fields: From an item to fields of the event, of any type; raises `Unusual`.
        without: Members that items should have for paths and do not.
        quickest: Reads most lines where there are no paths; raises `Unusual`.
    """

    def __init__(
        self,
        decode: Callable[[bytes], list[Json]],
        fields: Callable[[Json], Json],
        without: Collection[str],
        quickest: Callable[[bytes], list[RequestEvent]],
    ) -> None:
        self._decode = decode
        self._fields = fields
        self._without = without
        self._quickest = quickest

    def reader(self, paths: FieldPaths | None) -> UsualLine:
        """What reads lines, with the operator's paths for this format."""
        decode, read, overrides = self._decode, self._fields, paths or {}
        if any(path.split(".")[0] in self._without for path in chain(*overrides.values())):
            return _none

        quickest = None if paths else self._quickest

        def events_of(line: bytes) -> list[RequestEvent] | None:
            if quickest is not None:
                try:
                    return quickest(valid(line))
                except TAKES_THE_GENERAL_WAY:
                    pass
            try:
                events = []
                for item in decode(valid(line)):
                    fields = read(item)
                    if overrides:
                        fields.update(found_fields(item, overrides))
                    events.append(fitting_event(fields))
            except TAKES_THE_GENERAL_WAY:
                return None
            return events

        return events_of


def valid(line: bytes) -> bytes:
    """The line; raises for one that is too long, or no text all over.

    The parser takes any bytes in what it skips.
    """
    if len(line) > MAX_LINE:
        raise Unusual
    if not line.isascii():
        line.decode()
    return line


def _none(line: bytes) -> None:
    """The quick way of a format that has none for these paths."""


def seconds(value: float | datetime) -> float:
    """Unix seconds of a time in any form; raises `Unusual` where that is beyond belief."""
    if type(value) is float and value < _PLAIN_SECONDS:
        return value
    if type(value) is int and _PLAIN_SECONDS <= value < _LEAST_MICROSECONDS:
        return value / 1e3
    time = value.timestamp() if isinstance(value, datetime) else unix_time(value)
    if not isinstance(time, float) or not 0 <= time <= MAX_SECONDS:
        raise Unusual
    return time
