"""Usual records of OTLP in JSON: one span without events, its attributes plain, see `usual`."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from schemas.reading.otlp import whole_of
from schemas.reading.usual import Unusual
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


class _Span(Struct, gc=False):
    spanId: str
    startTimeUnixNano: str | int
    attributes: list[_Attribute]
    endTimeUnixNano: str | int | None = None
    status: _Status | None = None
    events: list[UnsetType] | None = None


class _Scope(Struct, gc=False):
    spans: list[_Span]


class _Resource(Struct, gc=False):
    attributes: list[_Attribute] | None = None


class _Group(Struct, gc=False):
    scopeSpans: list[_Scope]
    resource: _Resource | None = None


class Export(Struct, gc=False):
    """A request to export traces."""

    resourceSpans: list[_Group]


def one_span(record: Export) -> tuple[Json, Json]:
    """Attributes of a record's only span and its resource, and the span's own members."""
    try:
        (group,) = record.resourceSpans
        (scope,) = group.scopeSpans
        (span,) = scope.spans
    except ValueError:
        raise Unusual from None
    item: Json = {}
    if group.resource is not None and group.resource.attributes:
        _take(group.resource.attributes, item)
    _take(span.attributes, item)
    item["span"] = item["events"] = ()
    own = {
        "spanId": span.spanId,
        "startTimeUnixNano": span.startTimeUnixNano,
        "endTimeUnixNano": span.endTimeUnixNano,
        "status": {"code": span.status.code} if span.status else None,
    }
    return item, own


def _take(attributes: list[_Attribute], item: Json) -> None:
    for attribute in attributes:
        value = attribute.value
        text = value.stringValue
        item[attribute.key] = _other(value) if text is UNSET else text


def _other(value: _Value) -> Any:
    """A value that is no text; of two members the general way takes the first."""
    whole, real, flag, texts = (
        value.intValue,
        value.doubleValue,
        value.boolValue,
        value.arrayValue,
    )
    if (whole is UNSET) + (real is UNSET) + (flag is UNSET) + (texts is UNSET) != 3:
        raise Unusual
    if whole is not UNSET:
        return whole_of(whole)
    if texts is not UNSET:
        return [one.stringValue for one in texts.values]
    return flag if real is UNSET else real
