from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from schemas.formats import input_format, otel
from schemas.reading import otlp
from schemas.reading.usual_requests import READ
from tests.schemas.formats.samples import SAMPLES, Sample

OTEL = [sample for sample in SAMPLES if sample.form == "otel"]
decode = input_format("otel")


def in_protobuf(record: Any) -> bytes:
    """The record as the Collector's exporter writes it by default."""
    copy = orjson.loads(orjson.dumps(record))
    for span in _spans(copy):
        # In JSON ids are hexadecimal; protobuf's own JSON would have them in base 64.
        del span["traceId"], span["spanId"]
    message = ParseDict(copy, ExportTraceServiceRequest())
    written = [span for group in message.resource_spans for span in group.scope_spans[0].spans]
    for span, source in zip(written, _spans(record), strict=True):
        span.trace_id = bytes.fromhex(source["traceId"])
        span.span_id = bytes.fromhex(source["spanId"])
    data: bytes = message.SerializeToString()
    return data


def _spans(record: Any) -> Iterator[dict[str, Any]]:
    for group in record["resourceSpans"]:
        for scope in group["scopeSpans"]:
            yield from scope["spans"]


@pytest.mark.parametrize("sample", OTEL, ids=[sample.name for sample in OTEL])
def test_protobuf_says_what_json_says(sample: Sample) -> None:
    binary, text = decode([in_protobuf(sample.record)]), decode([orjson.dumps(sample.record)])
    assert binary.events == text.events
    assert [str(one) for _, one in binary.rejects] == [str(one) for _, one in text.rejects]


@pytest.mark.parametrize("name", ["otel", "auto"])
def test_protobuf_and_json_may_stand_in_one_block(name: str) -> None:
    record = OTEL[0].record
    lines = [in_protobuf(record), b"\n " + orjson.dumps(record), b"\nneither"]
    decoded = input_format(name)(lines)
    assert set(decoded.rows) == {0, 1}
    assert [row for row, _ in decoded.rejects][-1] == 2


@given(st.binary(max_size=60), st.integers(0, 300))
def test_damaged_protobuf_is_refused(noise: bytes, place: int) -> None:
    data = in_protobuf(OTEL[0].record)
    decoded = decode([data[:place] + noise + data[place + len(noise) :]])
    assert set(decoded.rows) | {row for row, _ in decoded.rejects} <= {0}


def test_spans_that_ask_no_model_are_neither_events_nor_refused() -> None:
    span = {"spanId": "a", "attributes": [{"key": "db.system", "value": {"stringValue": "x"}}]}
    record = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    decoded = decode([orjson.dumps(record)])
    assert (decoded.events, decoded.rejects) == ([], [])


def test_a_path_leads_to_attributes_of_the_span_and_its_resource() -> None:
    (sample,) = [sample for sample in OTEL if sample.name.startswith("several")]
    paths = {"otel": {"account": ["tenant.id"], "org": ["span.name"]}}
    events = input_format("otel", paths)([orjson.dumps(sample.record)]).events
    assert {(event.account, event.org) for event in events} == {("t-9", "chat")}


def test_without_its_classes_protobuf_is_refused_and_json_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    otlp._request_class.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    record = OTEL[0].record
    decoded = decode([in_protobuf(record), orjson.dumps(record)])
    assert [str(one) for row, one in decoded.rejects if row == 0] == [otlp.MISSING]
    assert set(decoded.rows) == {1}


def test_numbers_that_are_none_are_absent() -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.span_id, span.start_time_unix_nano = b"12345678", 1_795_000_000_000_000_000
    for key, value in (("user.id", "u"), ("gen_ai.system", "x")):
        span.attributes.add(key=key).value.string_value = value
    span.attributes.add(key="gen_ai.request.temperature").value.double_value = float("nan")
    (event,) = decode([request.SerializeToString()]).events
    assert event.temperature is None
    assert event.time == 1_795_000_000.0


class Asked(dict[str, Any]):
    """A span without attributes that notes which are asked for."""

    def __init__(self) -> None:
        super().__init__(span={}, events=[])
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return default


def test_the_quick_way_knows_all_attributes_that_the_general_one_reads() -> None:
    item = Asked()
    otel.FORMAT.read(item)
    # The span's own id stands for that of the answer.
    unknown = item.names - READ.known - {"gen_ai.response.id"}
    assert {name for name in unknown if not name.startswith(READ.prefixes)} == set()
