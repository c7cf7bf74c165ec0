"""Usual spans of requests, told by the attribute names of today's GenAI conventions, see `usual`.

Their attributes are written down in a list, by place, and read from there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from schemas.reading.answer import is_refusal
from schemas.reading.parameters import operation
from schemas.reading.usual import Unusual
from schemas.reading.usual_bodies import Tool, said, tool_names
from schemas.reading.usual_spans import Span, Told, decode, write_down
from schemas.reading.values import address, elapsed, unix_time
from schemas.request import MAX_IDENTIFIER, RequestEvent
from schemas.times import MAX_SECONDS

CALLS_MODEL = frozenset({
    *("gen_ai.request.model", "gen_ai.provider.name", "gen_ai.system", "gen_ai.operation.name"),
    *("gen_ai.response.model", "gen_ai.model.provider"),
})  # fmt: skip
"""Attributes of spans that call a model."""

NO_REQUESTS = (
    *("execute_tool", "create_agent", "invoke_agent", "invoke_workflow", "plan", "retrieval"),
)
"""Operations that are none of a model."""

ERROR = (2, "STATUS_CODE_ERROR")
"""Codes of a span that failed."""

CONTENT = (
    *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"),
    *("gen_ai.tool.definitions", "gen_ai.prompt"),
)
"""Attributes that events may hold in their place."""

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
_OTHERS = frozenset({
    *("enduser.id", "enduser.pseudo.id", "metadata.user_api_key_user_id", "session.id"),
    *("litellm.team.id", "litellm.api_key.hash", "litellm.end_user.id", "error.type"),
    *("http.client_ip", "client.geo.country.iso_code", "geo.country.iso_code", "http.user_agent"),
    *("tls.client.ja3", "tls.client.ja4", "http.status_code", "gen_ai.prompt_json"),
    *("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"),
    *("gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.reasoning_tokens"),
})  # fmt: skip
_FIGURES = 19
_PLACE = {name: place for place, name in enumerate((*_TEXTS, *_COUNTS, *_REALS, *_LISTS))}
READ = Told(
    texts={name: _PLACE[name] for name in _TEXTS},
    counts={name: _PLACE[name] for name in _COUNTS},
    reals={name: _PLACE[name] for name in _REALS},
    lists={name: _PLACE[name] for name in _LISTS},
    known=_OTHERS.union(_PLACE, CONTENT, CALLS_MODEL),
    prefixes=("gen_ai.prompt.", "gen_ai.completion.", "gen_ai.tool.0", "llm.request.functions."),
)
"""Where the attributes that are read stand, and those with which a span is not usual."""


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


def usual_requests(line: bytes) -> list[RequestEvent]:
    """The events of spans without events of their own, told by attributes of today's names."""
    events = []
    for group in decode(line).resourceSpans:
        shared: list[Any] = [None] * len(_PLACE)
        if group.resource:
            write_down(group.resource.attributes, shared, READ)
        for scope in group.scopeSpans:
            for span in scope.spans:
                told = shared.copy()
                write_down(span.attributes, told, READ)
                event = _event(span, told)
                if event is not None:
                    events.append(event)
    return events


def _event(span: Span, told: list[Any]) -> RequestEvent | None:
    """What `_read` says, of a usual span; None for one that is no request."""
    account, operated, provider, session, model, answered, messages, tools, ip, agent = told[:10]
    read, wrote, cached, reasoning, limit, choices, status, temperature, reasons = told[10:]
    if operated is None and provider is None and model is None and answered is None:
        return None
    if operated in NO_REQUESTS:
        return None
    start, end = _instant(span.startTimeUnixNano), _instant(span.endTimeUnixNano)
    failed = span.status is not None and span.status.code in ERROR
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
        tool_names(_tools(tools)) if tools else None,  # tools
        reason or None,  # stop_reason
        status or None,  # status
        elapsed(start, end),  # latency_ms
        _is_refusal(reasons) if reason else None,  # refused
        None,  # signatures_issued
        presented,  # signatures_presented
        system,  # system
        prompt,  # prompt
    )


def _is_refusal(reasons: list[str]) -> bool:
    return is_refusal(reasons[0]) or (len(reasons) > 1 and any(map(is_refusal, reasons)))


def _instant(nanoseconds: str | int | None) -> float | str | None:
    """As `unix_time`, of what is mostly a text of 19 figures."""
    text = nanoseconds if isinstance(nanoseconds, str) else ""
    if len(text) == _FIGURES and text[0] == "1" and text.isdecimal():
        return int(text) / 1e9
    return unix_time(nanoseconds)
