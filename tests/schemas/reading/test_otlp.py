"""Attributes of any kind, nested, in JSON and in protobuf."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from schemas.errors import InvalidRecord
from schemas.reading.events import Item
from schemas.reading.otlp import from_protobuf, spans

plain = (
    st.booleans() | st.integers(0, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
)  # fmt: skip
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=4,
).filter(lambda value: depth(value) < 3)


def depth(value: object) -> int:
    if isinstance(value, list | dict):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


def any_value(value: Any) -> dict[str, Any]:
    """A value as OTLP's JSON has it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}
    if isinstance(value, dict):
        pairs = [{"key": key, "value": any_value(one)} for key, one in value.items()]
        return {"kvlistValue": {"values": pairs}}
    return {"stringValue": value}


def trace(attributes: dict[str, Any], *, scopes: str = "scopeSpans") -> dict[str, Any]:
    listed = [{"key": key, "value": any_value(value)} for key, value in attributes.items()]
    return {"resourceSpans": [{scopes: [{"spans": [{"attributes": listed}]}]}]}


def read(record: Any) -> dict[str, Any]:
    """The one span of a record."""
    [item] = spans(record)
    assert isinstance(item, Item)
    assert isinstance(item.value, dict)
    return item.value


@given(st.dictionaries(st.sampled_from(["a", "b", "gen_ai.c"]), values, max_size=3))
@settings(max_examples=60)
def test_nested_attributes_are_read_alike_in_both_encodings(attributes: dict[str, Any]) -> None:
    record = trace(attributes)
    expected = {key: read(record)[key] for key in attributes}
    assert expected == attributes
    message = ParseDict(record, ExportTraceServiceRequest())
    in_protobuf = read(from_protobuf(message.SerializeToString()))
    assert {key: in_protobuf[key] for key in attributes} == attributes


def test_what_is_nested_too_deep_is_cut_off() -> None:
    nested: Any = "bottom"
    for _ in range(40):
        nested = [nested]
    assert "bottom" not in str(read(trace({"a": nested}))["a"])


def test_the_older_name_of_scopes_is_read() -> None:
    assert read(trace({"a": 1}, scopes="instrumentationLibrarySpans"))["a"] == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"resourceLogs": []}, "logs are not read"),
        ({"resourceSpans": {}}, "no OTLP traces"),
        ([], "no OTLP traces"),
    ],
)
def test_what_holds_no_traces_is_refused(record: object, reason: str) -> None:
    with pytest.raises(InvalidRecord, match=reason):
        list(spans(record))


def test_a_span_that_is_no_object_is_refused_alone() -> None:
    record = trace({"a": 1})
    record["resourceSpans"][0]["scopeSpans"][0]["spans"].insert(0, 7)
    refused, item = spans(record)
    assert isinstance(refused, InvalidRecord)
    assert isinstance(item, Item)
