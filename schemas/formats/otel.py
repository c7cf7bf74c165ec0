"""OpenTelemetry GenAI spans, as the Collector's Kafka exporter writes them.

`otlp_json` and `otlp_proto` (its default) are told apart by their first bytes; in files only JSON
makes sense, as protobuf holds line feeds. A record holds many spans; those that call no model are
left alone, and so are those of agents and tools, whose own calls of the model are spans themselves.
Attribute names are those of the conventions today, before that, and as OpenLLMetry and LiteLLM
number messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import is_refusal, stop_fields
from schemas.reading.conversation import signatures_of, turn_fields
from schemas.reading.events import Item, RecordFormat, decode_records, parse
from schemas.reading.otlp import from_protobuf, spans
from schemas.reading.parameters import operation, tool_names
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import UsualItems
from schemas.reading.usual_requests import CALLS_MODEL, CONTENT, ERROR, NO_REQUESTS, usual_requests
from schemas.reading.usual_spans import usual_spans
from schemas.reading.values import Json, address, elapsed, mapping, parsed, unix_time

_MOST_NUMBERED = 4_096


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths, read_record)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    return "resourceSpans" in record


def read_record(line: bytes) -> Any:
    """A record as JSON has it; protobuf begins with a line feed, with which JSON may begin too.

    Raises:
        InvalidRecord: It is neither.
    """
    if not line.startswith(b"\n"):
        return parse(line)
    try:
        return parse(line)
    except InvalidRecord:
        return from_protobuf(line)


def _items(record: Any) -> Iterator[Item | InvalidRecord]:
    for item in spans(record):
        if isinstance(item, InvalidRecord) or _calls_model(item.value):
            yield item


def _calls_model(span: Json) -> bool:
    named = not CALLS_MODEL.isdisjoint(span)
    return named and span.get("gen_ai.operation.name") not in NO_REQUESTS


def _read(item: Json) -> Json:
    if item["events"]:
        item = _with_content(item)
    said = turn_fields(_turns(item), parsed(item.get("gen_ai.system_instructions")))
    return _fields(item, said, tool_names(item.get("gen_ai.tool.definitions")))


def _fields(item: Json, said: Json, tools: list[str] | None) -> Json:
    """Fields of the event, of the attributes, the span, what the messages tell and the tools."""
    seen, span = item.get, item["span"]
    start, end = unix_time(span.get("startTimeUnixNano")), unix_time(span.get("endTimeUnixNano"))
    outputs = parsed(seen("gen_ai.output.messages"))
    error = seen("error.type")
    fields = {
        "id": span.get("spanId") or seen("gen_ai.response.id"),
        "time": start,
        "account": seen("user.id")
        or seen("enduser.id")
        or seen("enduser.pseudo.id")
        or seen("metadata.user_api_key_user_id"),
        "org": seen("litellm.team.id"),
        "api_key": seen("litellm.api_key.hash"),
        "end_user": seen("litellm.end_user.id"),
        "session": seen("gen_ai.conversation.id") or seen("session.id"),
        "operation": operation(seen("gen_ai.operation.name")),
        "model": seen("gen_ai.request.model") or seen("gen_ai.response.model"),
        "ip": address(seen("client.address") or seen("http.client_ip")),
        "country": seen("client.geo.country.iso_code") or seen("geo.country.iso_code"),
        "user_agent": seen("user_agent.original") or seen("http.user_agent"),
        "tls_fingerprint": seen("tls.client.ja4") or seen("tls.client.ja3"),
        "input_tokens": seen("gen_ai.usage.input_tokens", seen("gen_ai.usage.prompt_tokens")),
        "cached_tokens": seen("gen_ai.usage.cache_read.input_tokens")
        or seen("gen_ai.usage.cache_read_input_tokens"),
        "output_tokens": seen("gen_ai.usage.output_tokens", seen("gen_ai.usage.completion_tokens")),
        "reasoning_tokens": seen("gen_ai.usage.reasoning.output_tokens")
        or seen("gen_ai.usage.reasoning_tokens"),
        "max_tokens": seen("gen_ai.request.max_tokens"),
        "temperature": seen("gen_ai.request.temperature"),
        "n": seen("gen_ai.request.choice.count"),
        "tools": tools or _numbered_tools(item),
        **said,
        **stop_fields(_reasons(item, outputs)),
        "status": seen("http.response.status_code")
        or seen("http.status_code")
        or error
        or ("error" if mapping(span.get("status")).get("code") in ERROR else None),
        "latency_ms": elapsed(start, end),
    }
    if is_refusal(error):
        fields["refused"] = True
    if isinstance(outputs, list):
        fields["signatures_issued"] = [
            one for output in outputs for one in signatures_of(mapping(output))
        ] or None
    return fields


def _with_content(item: Json) -> Json:
    """The item with what its events tell of messages, as if it stood in its attributes."""
    told = {name: event[name] for event in item["events"] for name in CONTENT if event.get(name)}
    return {**told, **item}


def _turns(item: Json) -> Any:
    """The request's messages, wherever they are written."""
    whole = item.get("gen_ai.input.messages") or item.get("gen_ai.prompt_json")
    if whole is None:
        whole = item.get("gen_ai.prompt")
    return parsed(whole) if whole is not None else _numbered_turns(item) or _told_turns(item)


def _numbered_turns(item: Json) -> list[Json]:
    """Messages in attributes of their own, by number."""
    turns: list[Json] = []
    for number in range(_MOST_NUMBERED):
        role = item.get(f"gen_ai.prompt.{number}.role")
        content = item.get(f"gen_ai.prompt.{number}.content")
        if role is None and content is None:
            break
        turns.append({"role": role, "content": parsed(content)})
    return turns


def _told_turns(item: Json) -> list[Json]:
    """Messages in events of their own: `gen_ai.user.message` and the like."""
    turns: list[Json] = []
    for event in item["events"]:
        name = event["event.name"]
        if isinstance(name, str) and name.startswith("gen_ai.") and name.endswith(".message"):
            role = event.get("role") or name.split(".")[1]
            turns.append({"role": role, "content": parsed(event.get("content"))})
    return turns


def _numbered_tools(item: Json) -> list[str] | None:
    names: list[str] = []
    for number in range(_MOST_NUMBERED):
        name = item.get(f"gen_ai.tool.{number}.name") or item.get(
            f"llm.request.functions.{number}.name"
        )
        if not isinstance(name, str):
            break
        names.append(name)
    return names or None


def _reasons(item: Json, outputs: object) -> Any:
    """Why the model stopped: one reason for each answer."""
    reasons = parsed(item.get("gen_ai.response.finish_reasons"))
    if not reasons:
        reasons = item.get("gen_ai.completion.0.finish_reason")
    if not reasons and isinstance(outputs, list):
        reasons = [mapping(output).get("finish_reason") for output in outputs]
    return reasons


def _items_of(line: bytes) -> list[Json]:
    return [item for item in usual_spans(line) if _calls_model(item)]


FORMAT = RecordFormat(
    "otel", _items, _read, UsualItems(_items_of, _read, ("span", "events"), usual_requests)
)
