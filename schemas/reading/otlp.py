"""OTLP traces, JSON or protobuf, as spans with plain attributes.

Protobuf is read by the classes of `opentelemetry-proto`, an extra: they parse in C, several times
as fast as a reader of the wire format in Python would, and follow the protocol as it grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from schemas.errors import InvalidRecord
from schemas.reading.events import Item, written
from schemas.reading.values import Json, mapping

MISSING = "OTLP in protobuf needs an extra: pip install 'gauger[otlp]'"
"""Why protobuf is refused where its classes are not installed."""

MOST_ATTRIBUTES = 1_024
"""Attributes that are read of a span, an event or a resource, whose are repeated for each span."""

_DEEPEST = 8
_LONGEST_WHOLE = 20
_PLAIN_KINDS = {
    "string_value": "stringValue",
    "int_value": "intValue",
    "bool_value": "boolValue",
    "double_value": "doubleValue",
}


def spans(record: Any) -> Iterator[Item | InvalidRecord]:
    """The spans of a request to export traces in JSON, as items with plain attributes.

    An item has the attributes of the span, and of its resource, as members; under `span` the span
    as it came, and under `events` the attributes of its events, with their names under
    `event.name`.

    Raises:
        InvalidRecord: It is none.
    """
    if not isinstance(record, dict) or not isinstance(record.get("resourceSpans"), list):
        if isinstance(record, dict) and "resourceLogs" in record:
            raise InvalidRecord("OTLP logs are not read, only traces", "resourceLogs")
        raise InvalidRecord("no OTLP traces: no resourceSpans", "resourceSpans")
    for group in record["resourceSpans"]:
        resource = mapping(mapping(group).get("resource"))
        shared = _attributes(resource.get("attributes"))
        for scope in _members(group, "scopeSpans", "instrumentationLibrarySpans"):
            for span in _members(scope, "spans"):
                if isinstance(span, dict):
                    yield Item(_plain(span, shared), partial(_alone, resource, span))
                else:
                    yield InvalidRecord("not a JSON object", "spans", written(span))


def _members(value: object, *names: str) -> list[Any]:
    """The list under the first name that holds one."""
    for name in names:
        found = mapping(value).get(name)
        if isinstance(found, list):
            return found
    return []


def _alone(resource: Json, span: object) -> bytes:
    """A record of one span."""
    scope = {"spans": [span]}
    return written({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def _plain(span: Json, shared: Json) -> Json:
    item = {**shared, **_attributes(span.get("attributes")), "span": span, "events": []}
    events = span.get("events")
    if isinstance(events, list):
        item["events"] = [
            {**_attributes(event.get("attributes")), "event.name": event.get("name")}
            for event in events
            if isinstance(event, dict)
        ]
    return item


def _attributes(members: object) -> Json:
    """Attributes as a plain object."""
    if not isinstance(members, list):
        return {}
    plain: Json = {}
    for member in members[:MOST_ATTRIBUTES]:
        try:
            value = member["value"]
            plain[member["key"]] = (
                value["stringValue"] if "stringValue" in value else _value(mapping(value), 0)
            )
        except (KeyError, TypeError):
            continue
    return plain


def _value(value: Json, depth: int) -> Any:
    """A value of any kind; whole numbers come as strings, as 64 bits do not fit JSON's numbers."""
    for kind, content in value.items():
        if kind == "intValue":
            return whole_of(content)
        if kind in {"arrayValue", "kvlistValue"}:
            members = mapping(content).get("values")
            if not isinstance(members, list) or depth == _DEEPEST:
                return None
            if kind == "arrayValue":
                return [_value(mapping(member), depth + 1) for member in members]
            return {
                str(mapping(member).get("key")): _value(
                    mapping(mapping(member).get("value")), depth + 1
                )
                for member in members
            }
        return content
    return None


def whole_of(content: object) -> object:
    """The whole number that a text is; anything else as it is."""
    if type(content) is str and len(content) <= _LONGEST_WHOLE and content.isdecimal():
        return int(content)
    return content


def from_protobuf(data: bytes) -> Json:
    """A request to export traces in protobuf as the one in JSON would be.

    Raises:
        InvalidRecord: It is none, or its classes are not installed.
    """
    request = _request_class()
    try:
        message = request.FromString(data)
    except Exception as error:  # protobuf's own, which only the extra brings along
        raise InvalidRecord("neither JSON nor OTLP traces in protobuf") from error
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _listed(group.resource.attributes)},
                "scopeSpans": [
                    {"spans": [_span(span) for span in scope.spans]} for scope in group.scope_spans
                ],
            }
            for group in message.resource_spans
        ]
    }


@lru_cache(1)
def _request_class() -> Any:
    try:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415
    except ImportError:
        raise InvalidRecord(MISSING) from None
    return trace_service_pb2.ExportTraceServiceRequest


def _span(span: Any) -> Json:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "status": {"code": span.status.code},
        "attributes": _listed(span.attributes),
        "events": [
            {"name": event.name, "attributes": _listed(event.attributes)} for event in span.events
        ],
    }


def _listed(attributes: Any) -> list[Json]:
    return [{"key": one.key, "value": _any_value(one.value, 0)} for one in attributes]


def _any_value(value: Any, depth: int) -> Json:
    """A value as JSON has it."""
    kind = value.WhichOneof("value")
    if kind in _PLAIN_KINDS:
        content = getattr(value, kind)
        finite = not isinstance(content, float) or math.isfinite(content)
        return {_PLAIN_KINDS[kind]: content} if finite else {}
    if depth < _DEEPEST and kind == "array_value":
        members = [_any_value(one, depth + 1) for one in value.array_value.values]
        return {"arrayValue": {"values": members}}
    if depth < _DEEPEST and kind == "kvlist_value":
        pairs = [
            {"key": one.key, "value": _any_value(one.value, depth + 1)}
            for one in value.kvlist_value.values
        ]
        return {"kvlistValue": {"values": pairs}}
    return {}
