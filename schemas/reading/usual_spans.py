"""Usual records of OTLP in JSON: spans whose attributes are plain, see `usual`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from schemas.reading.otlp import whole_of
from schemas.reading.usual import Absent, Name, Unusual
from schemas.reading.values import Json
from schemas.request import MAX_COUNT

_ALL_BUT_ONE = 2


class _Text(Struct, forbid_unknown_fields=True, gc=False):
    stringValue: str


class _Texts(Struct, forbid_unknown_fields=True, gc=False):
    values: list[_Text]


class _Value(Struct, forbid_unknown_fields=True, gc=False):
    """A value: one member is set."""

    stringValue: str | UnsetType = UNSET
    intValue: str | int | UnsetType = UNSET
    doubleValue: float | UnsetType = UNSET
    boolValue: bool | UnsetType = UNSET
    arrayValue: _Texts | UnsetType = UNSET


class Attribute(Struct, gc=False):
    """An attribute of a span."""

    key: str
    value: _Value


class _Status(Struct, gc=False):
    code: int | str | None = None


class _Event(Struct, gc=False):
    name: str | None = None
    attributes: list[Attribute] = []


class Span(Struct, gc=False):
    """A span."""

    spanId: Name
    startTimeUnixNano: str | int
    attributes: list[Attribute]
    endTimeUnixNano: str | int | None = None
    status: _Status | None = None
    events: list[_Event] | None = None


class _Scope(Struct, gc=False):
    spans: list[Span]


class _Resource(Struct, gc=False):
    attributes: list[Attribute] = []


class _Group(Struct, gc=False):
    scopeSpans: list[_Scope]
    resource: _Resource | None = None


class _Export(Struct, gc=False):
    """A request to export traces."""

    resourceSpans: list[_Group]
    account: Absent = UNSET


decode = msgspec.json.Decoder(_Export).decode
"""Parses a line of one record; raises as parsers do where it is not usual."""


def usual_spans(line: bytes) -> list[Json]:
    """The spans of a record, as the values of items that `otlp.spans` gives.

    Of a span as it came, under `span`, there is only what is read.

    Raises:
        Unusual: An attribute has several values.
        msgspec.DecodeError: The record is not usual.
    """
    items = []
    for group in decode(line).resourceSpans:
        shared = _plain(group.resource.attributes) if group.resource else {}
        for scope in group.scopeSpans:
            for span in scope.spans:
                item = {**shared, **_plain(span.attributes)}
                item["span"] = {
                    "spanId": span.spanId,
                    "startTimeUnixNano": span.startTimeUnixNano,
                    "endTimeUnixNano": span.endTimeUnixNano,
                    "status": {"code": span.status.code if span.status else None},
                }
                item["events"] = [
                    {**_plain(event.attributes), "event.name": event.name}
                    for event in span.events or ()
                ]
                items.append(item)
    return items


class Told(NamedTuple):
    """Where attributes of each kind of value are written down: their places in a list.

    Attributes:
        texts, counts, reals, lists: The place of an attribute by its name.
        known: Other attributes, and those with another kind of value, with which no span is usual.
        prefixes: Beginnings of such attributes.
    """

    texts: Mapping[str, int]
    counts: Mapping[str, int]
    reals: Mapping[str, int]
    lists: Mapping[str, int]
    known: frozenset[str]
    prefixes: tuple[str, ...]


def write_down(attributes: list[Attribute], told: list[Any], places: Told) -> None:
    """Write values at the places of their names; raises `Unusual`."""
    texts, counts = places.texts, places.counts
    for attribute in attributes:
        key, value = attribute.key, attribute.value
        content: Any = value.stringValue
        if content is not UNSET:
            place = texts.get(key)
        else:
            content, place = _other(value), counts.get(key)
            if type(content) is not int:
                place = (places.lists if type(content) is list else places.reals).get(key)
            elif place is not None and not 0 <= content <= MAX_COUNT:
                raise Unusual
        if place is not None:
            told[place] = content
        elif key in places.known or key.startswith(places.prefixes):
            raise Unusual


def _plain(attributes: list[Attribute]) -> Json:
    """Attributes as a plain object."""
    plain: Json = {}
    for attribute in attributes:
        value = attribute.value
        content = value.stringValue
        plain[attribute.key] = _other(value) if content is UNSET else content
    return plain


def _other(value: _Value) -> Any:
    """A value that is no text."""
    whole, real, flag, texts = value.intValue, value.doubleValue, value.boolValue, value.arrayValue
    if whole is not UNSET:
        if real is UNSET and flag is UNSET and texts is UNSET:
            return whole_of(whole)
    elif (real is UNSET) + (flag is UNSET) + (texts is UNSET) == _ALL_BUT_ONE:
        if texts is not UNSET:
            return [one.stringValue for one in texts.values]
        return flag if real is UNSET else real
    raise Unusual
