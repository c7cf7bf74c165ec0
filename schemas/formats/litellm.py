"""LiteLLM's `StandardLoggingPayload`, and the line items of its batches.

A record is a payload, an array of payloads (webhook format `json_array`), or a finished batch with
its `lines`. Source: `litellm/types/utils.py` of LiteLLM 1.109.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import UNSET, Struct

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import answer_fields, is_refusal, usage_fields
from schemas.reading.conversation import conversation_fields, turn_fields
from schemas.reading.events import (
    Item,
    RecordFormat,
    decode_records,
    one_or_several,
    written,
)
from schemas.reading.fitting import status_of
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Absent, Name, TextTime, UnixTime, UsualRecords, seconds
from schemas.reading.usual_bodies import (
    NO_PARAMETERS,
    Answer,
    Message,
    Parameters,
    said,
    tool_names,
)
from schemas.reading.values import Json, address, elapsed, elapsed_ms, mapping, parsed, unix_time
from schemas.request import Count, RequestEvent

# LiteLLM calls a chat a completion, and has each call twice: the other starts with an a.
_CALLS = {"completion": "chat", "acompletion": "chat", "anthropic_messages": "chat"}


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    call = "startTime" in record and ("call_type" in record or "model_parameters" in record)
    return call or ("batch_id" in record and ("lines" in record or "custom_id" in record))


def _items(record: Any) -> Iterator[Item | InvalidRecord]:
    for item in one_or_several(record):
        if isinstance(item, Item) and isinstance(item.value.get("lines"), list):
            yield from _batch(item.value)
        else:
            yield item


def _batch(batch: Json) -> Iterator[Item | InvalidRecord]:
    """The items of a finished batch; its head tells the time."""
    head = {name: batch.get(name) for name in ("batch_id", "finished_at", "part")}
    for line in batch["lines"]:
        if isinstance(line, dict):
            yield Item({**head, **line}, partial(written, {**head, "lines": [line]}))
        else:
            yield InvalidRecord("not a JSON object", "lines", written(line))


def _read(item: Json) -> Json:
    if "batch_id" in item and "startTime" not in item:
        return _read_batch_item(item)
    metadata = mapping(item.get("metadata"))
    error = mapping(item.get("error_information"))
    answer = mapping(item.get("response"))
    parameters = mapping(item.get("model_parameters"))
    fields = {
        "id": item.get("id") or item.get("litellm_call_id"),
        "time": unix_time(item.get("startTime")),
        **_principal(metadata, item.get("end_user") or metadata.get("user_api_key_end_user_id")),
        "session": item.get("session_id") or None,
        "operation": _operation(item.get("call_type")),
        "model": item.get("model_group") or item.get("model"),
        "ip": address(item.get("requester_ip_address") or metadata.get("requester_ip_address")),
        "user_agent": item.get("user_agent") or metadata.get("user_agent"),
        **usage_fields(mapping(answer.get("usage"))),
        **parameter_fields(parameters),
        **turn_fields(parsed(item.get("messages")), parameters.get("system")),
        **answer_fields(answer),
        "status": error.get("error_code") or item.get("status"),
        "latency_ms": elapsed_ms(item.get("startTime"), item.get("endTime")),
    }
    # What LiteLLM counts for all providers alike stands at the top.
    if item.get("prompt_tokens") is not None:
        fields["input_tokens"] = item["prompt_tokens"]
    if item.get("completion_tokens") is not None:
        fields["output_tokens"] = item["completion_tokens"]
    if is_refusal(error.get("error_class")):
        fields["refused"] = True
    return fields


def _principal(metadata: Json, end_user: object) -> Json:
    """Who pays, who owns, who asks; the caller names the end user, so it counts as account last."""
    team, key = metadata.get("user_api_key_team_id"), metadata.get("user_api_key_hash")
    return {
        "account": metadata.get("user_api_key_user_id") or team or key or end_user,
        "org": metadata.get("user_api_key_org_id") or team,
        "api_key": key,
        "end_user": end_user,
    }


def _operation(call: object) -> str | None:
    return _CALLS.get(call) or operation(call) if isinstance(call, str) else None


def _read_batch_item(item: Json) -> Json:
    request, result = mapping(item.get("request")), mapping(item.get("response"))
    body, answered = mapping(request.get("body")), mapping(result.get("response"))
    answer = mapping(answered.get("body"))
    name = item.get("custom_id") or result.get("id")
    return {
        "id": f"{item.get('batch_id')}/{name}" if name else None,
        "time": unix_time(item.get("finished_at") or answer.get("created")),
        **_principal(mapping(item.get("metadata")), body.get("user")),
        "route": "batch",
        "operation": operation(request.get("url")),
        "model": body.get("model") or item.get("model"),
        **usage_fields(mapping(item.get("usage"))),
        **usage_fields(mapping(answer.get("usage"))),
        **parameter_fields(body),
        **conversation_fields(body),
        **answer_fields(answer),
        "status": answered.get("status_code") or item.get("status"),
    }


class _Metadata(Struct, gc=False):
    user_api_key_user_id: Name | None = None
    user_api_key_team_id: Name | None = None
    user_api_key_hash: Name | None = None
    user_api_key_org_id: str | None = None
    user_api_key_end_user_id: Name | None = None
    requester_ip_address: str | None = None
    user_agent: str | None = None


class _Error(Struct, gc=False):
    error_code: str | None = None
    error_class: str | None = None


class _Payload(Struct, gc=False):
    """The members of a payload that are read, with their usual types."""

    startTime: UnixTime | TextTime
    call_type: str
    id: Name | None = None
    litellm_call_id: Name | None = None
    endTime: UnixTime | TextTime | None = None
    session_id: str | None = None
    status: str | None = None
    model: str | None = None
    model_group: str | None = None
    end_user: Name | None = None
    requester_ip_address: str | None = None
    user_agent: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    metadata: _Metadata | None = None
    error_information: _Error | None = None
    messages: list[Message] | None = None
    response: Answer | None = None
    model_parameters: Parameters | None = None
    lines: Absent = UNSET
    account: Absent = UNSET
    resourceSpans: Absent = UNSET


def _usual(item: _Payload) -> RequestEvent:
    """What `_read` says, of a usual payload."""
    metadata, error = item.metadata or _NO_METADATA, item.error_information
    parameters, answer = item.model_parameters or NO_PARAMETERS, item.response
    system, prompt, messages, images, presented = said(
        item.messages, [parameters.system] if parameters.system else []
    )
    usage = answer.usage if answer else None
    reason, refused, issued = answer.end() if answer else (None, None, None)
    team, key = metadata.user_api_key_team_id, metadata.user_api_key_hash
    end_user = item.end_user or metadata.user_api_key_end_user_id
    start, end = item.startTime, item.endTime
    time = seconds(start)
    both_numbers = isinstance(end, float | int) and not isinstance(start, datetime)
    read, written = item.prompt_tokens, item.completion_tokens
    if usage:
        read = usage.prompt_tokens if read is None else read
        written = (usage.completion_tokens or None) if written is None else written
    return RequestEvent(
        item.id or item.litellm_call_id or "",  # id
        time,  # time
        metadata.user_api_key_user_id or team or key or end_user or "",  # account
        metadata.user_api_key_org_id or team,  # org
        key,  # api_key
        end_user,  # end_user
        item.session_id or None,  # session
        None,  # route
        _operation(item.call_type),  # operation
        item.model_group or item.model,  # model
        address(item.requester_ip_address or metadata.requester_ip_address),  # ip
        None,  # asn
        None,  # country
        item.user_agent or metadata.user_agent,  # user_agent
        None,  # tls_fingerprint
        None,  # payment
        None,  # plan
        None,  # account_created
        read,  # input_tokens
        usage.cached if usage else None,  # cached_tokens
        written,  # output_tokens
        usage.reasoning if usage else None,  # reasoning_tokens
        parameters.limit(),  # max_tokens
        parameters.temperature,  # temperature
        parameters.n,  # n
        messages,  # messages
        images,  # images
        tool_names(parameters.tools),  # tools
        reason,  # stop_reason
        status_of((error and error.error_code) or item.status or ""),  # status
        elapsed(time, unix_time(end)) if both_numbers else None,  # latency_ms
        True if error and is_refusal(error.error_class) else refused,  # refused
        issued,  # signatures_issued
        presented,  # signatures_presented
        system,  # system
        prompt,  # prompt
    )


_NO_METADATA = _Metadata()
FORMAT = RecordFormat("litellm", _items, _read, UsualRecords(_Payload, _usual))
