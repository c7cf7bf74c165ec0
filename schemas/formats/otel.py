"""OpenTelemetry GenAI spans, as the Collector's Kafka exporter writes them.

`otlp_json` and `otlp_proto` (its default) are told apart by their first bytes; in files only JSON
makes sense, as protobuf holds line feeds. A record holds many spans; those that call no model are
left alone, and so are those of agents and tools, whose own calls of the model are spans themselves.
Attribute names are those of the conventions today, before that, and as OpenLLMetry and LiteLLM
number messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import is_refusal, stop_fields
from schemas.reading.conversation import signatures_of, turn_fields
from schemas.reading.events import Item, RecordFormat, decode_records, parse
from schemas.reading.otlp import from_protobuf, spans
from schemas.reading.parameters import operation, tool_names
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Unusual, UsualItems
from schemas.reading.usual_bodies import Tool, said
from schemas.reading.usual_bodies import tool_names as usual_tool_names
from schemas.reading.usual_spans import Span, Told, usual_spans, write_down
from schemas.reading.usual_spans import decode as decode_spans
from schemas.reading.values import Json, address, elapsed, mapping, parsed, unix_time
from schemas.request import MAX_IDENTIFIER, RequestEvent
from schemas.times import MAX_SECONDS

_CALLS_MODEL = frozenset({
    *("gen_ai.request.model", "gen_ai.provider.name", "gen_ai.system", "gen_ai.operation.name"),
    *("gen_ai.response.model", "gen_ai.model.provider"),
})  # fmt: skip
_NO_REQUESTS = (
    *("execute_tool", "create_agent", "invoke_agent", "invoke_workflow", "plan", "retrieval"),
)
_ERROR = (2, "STATUS_CODE_ERROR")
_CONTENT = (
    *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"),
    *("gen_ai.tool.definitions", "gen_ai.prompt"),
)
_MOST_NUMBERED = 4_096
_READ_BESIDE = frozenset(
    {
        *_CONTENT,
        *_CALLS_MODEL,
        "client.address",
        "client.geo.country.iso_code",
        "enduser.id",
        "enduser.pseudo.id",
        "error.type",
        "gen_ai.conversation.id",
        "gen_ai.operation.name",
        "gen_ai.output.messages",
        "gen_ai.request.choice.count",
        "gen_ai.request.max_tokens",
        "gen_ai.request.model",
        "gen_ai.request.temperature",
        "gen_ai.response.model",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.completion_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.prompt_tokens",
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "geo.country.iso_code",
        "http.client_ip",
        "http.response.status_code",
        "http.status_code",
        "http.user_agent",
        "litellm.api_key.hash",
        "litellm.end_user.id",
        "litellm.team.id",
        "metadata.user_api_key_user_id",
        "session.id",
        "tls.client.ja3",
        "tls.client.ja4",
        "user.id",
        "user_agent.original",
        "gen_ai.prompt_json",
        "gen_ai.response.finish_reasons",
    }
)
"""Attributes that are read, or tell what a span is."""


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
    named = not _CALLS_MODEL.isdisjoint(span)
    return named and span.get("gen_ai.operation.name") not in _NO_REQUESTS


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
        or ("error" if mapping(span.get("status")).get("code") in _ERROR else None),
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
    told = {name: event[name] for event in item["events"] for name in _CONTENT if event.get(name)}
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


class _Part(Struct, forbid_unknown_fields=True, rename={"text": "content"}, gc=False):
    text: str
    type: Literal["text"]


class _Message(Struct, forbid_unknown_fields=True, rename={"content": "parts"}, gc=False):
    role: str
    content: list[_Part]
    name: Raw | None = None
    finish_reason: Raw | None = None
    thinking_blocks: ClassVar[None] = None


_messages = msgspec.json.Decoder(list[_Message]).decode
_tools = msgspec.json.Decoder(list[Tool]).decode


def _items_of(line: bytes) -> list[Json]:
    return [item for item in usual_spans(line) if _calls_model(item)]


_TEXTS = (
    *("user.id", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.conversation.id"),
    *("gen_ai.request.model", "gen_ai.response.model", "gen_ai.input.messages"),
    *("gen_ai.tool.definitions", "client.address", "user_agent.original"),
)
_COUNTS = (
    *("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"),
    *("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.reasoning.output_tokens"),
    *("gen_ai.request.max_tokens", "gen_ai.request.choice.count", "http.response.status_code"),
)
_REALS = ("gen_ai.request.temperature",)
_LISTS = ("gen_ai.response.finish_reasons",)
_PLACE = {name: place for place, name in enumerate((*_TEXTS, *_COUNTS, *_REALS, *_LISTS))}
_TOLD = Told(
    *({name: _PLACE[name] for name in names} for names in (_TEXTS, _COUNTS, _REALS, _LISTS)),
    known=frozenset(_PLACE) | _READ_BESIDE,
    prefixes=("gen_ai.prompt.", "gen_ai.completion.", "gen_ai.tool.0", "llm.request.functions."),
)


def _usual(line: bytes) -> list[RequestEvent]:
    """The events of spans without events of their own, told by attributes of today's names."""
    events = []
    for group in decode_spans(line).resourceSpans:
        shared: list[Any] = [None] * len(_PLACE)
        if group.resource:
            write_down(group.resource.attributes, shared, _TOLD)
        for scope in group.scopeSpans:
            for span in scope.spans:
                told = shared.copy()
                write_down(span.attributes, told, _TOLD)
                event = _usual_event(span, told)
                if event is not None:
                    events.append(event)
    return events


def _usual_event(span: Span, told: list[Any]) -> RequestEvent | None:
    """What `_read` says, of a usual span; None for one that is no request."""
    account, operated, provider, session, model, answered, messages, tools, ip, agent = told[:10]
    read, wrote, cached, reasoning, limit, choices, status, temperature, reasons = told[10:]
    if operated is None and provider is None and model is None and answered is None:
        return None
    if operated in _NO_REQUESTS:
        return None
    start, end = unix_time(span.startTimeUnixNano), unix_time(span.endTimeUnixNano)
    failed = span.status is not None and span.status.code in _ERROR
    if not account or len(account) > MAX_IDENTIFIER or messages == "" or failed or span.events:
        raise Unusual
    if not span.spanId or not isinstance(start, float) or not 0 <= start <= MAX_SECONDS:
        raise Unusual
    system, prompt, count, images, presented = said(_messages(messages) if messages else None, [])
    reason = reasons[0] if reasons else None
    return RequestEvent(
        span.spanId,  # id
        start,  # time
        account,  # account
        None,  # org
        None,  # api_key
        None,  # end_user
        session or None,  # session
        None,  # route
        operation(operated),  # operation
        model or answered,  # model
        address(ip),  # ip
        None,  # asn
        None,  # country
        agent or None,  # user_agent
        None,  # tls_fingerprint
        None,  # payment
        None,  # plan
        None,  # account_created
        read,  # input_tokens
        cached or None,  # cached_tokens
        wrote,  # output_tokens
        reasoning or None,  # reasoning_tokens
        None if limit is None else float(limit),  # max_tokens
        temperature,  # temperature
        None if choices is None else float(choices),  # n
        count,  # messages
        images,  # images
        usual_tool_names(_tools(tools)) if tools else None,  # tools
        reason or None,  # stop_reason
        status or None,  # status
        elapsed(start, end),  # latency_ms
        any(map(is_refusal, reasons)) if reason else None,  # refused
        None,  # signatures_issued
        presented,  # signatures_presented
        system,  # system
        prompt,  # prompt
    )


FORMAT = RecordFormat(
    "otel", _items, _read, UsualItems(_items_of, _read, ("span", "events"), _usual)
)
