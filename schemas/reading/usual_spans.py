"""Usual records of OTLP in JSON: spans whose attributes are plain, see `usual`."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from schemas.reading.otlp import whole_of
from schemas.reading.usual import Absent, Unusual
from schemas.reading.values import Json


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


class _Attribute(Struct, gc=False):
    key: str
    value: _Value


class _Status(Struct, gc=False):
    code: int | str | None = None


class _Event(Struct, gc=False):
    name: str | None = None
    attributes: list[_Attribute] = []


class _Span(Struct, gc=False):
    spanId: str
    startTimeUnixNano: str | int
    attributes: list[_Attribute]
    endTimeUnixNano: str | int | None = None
    status: _Status | None = None
    events: list[_Event] | None = None


class _Scope(Struct, gc=False):
    spans: list[_Span]


class _Resource(Struct, gc=False):
    attributes: list[_Attribute] = []


class _Group(Struct, gc=False):
    scopeSpans: list[_Scope]
    resource: _Resource | None = None


class _Export(Struct, gc=False):
    """A request to export traces."""

    resourceSpans: list[_Group]
    account: Absent = UNSET


_decode = msgspec.json.Decoder(_Export).decode


def usual_spans(line: bytes) -> list[Json]:
    """The spans of a record, as the values of items that `otlp.spans` gives.

    Of a span as it came, under `span`, there is only what is read.

    Raises:
        Unusual: An attribute has several values.
        msgspec.DecodeError: The record is not usual.
    """
    items = []
    for group in _decode(line).resourceSpans:
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


def _plain(attributes: list[_Attribute]) -> Json:
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
    if (whole is UNSET) + (real is UNSET) + (flag is UNSET) + (texts is UNSET) != 3:
        raise Unusual
    if whole is not UNSET:
        return whole_of(whole)
    if texts is not UNSET:
        return [one.stringValue for one in texts.values]
    return flag if real is UNSET else real
