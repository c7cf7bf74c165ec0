"""What Kong's log plugins write, as `kafka-log`, with the part that the AI plugins add.

Source: Kong's documentation of the log format and of the AI audit log. `ai` holds one object for
each AI plugin; bodies are there if `logging.log_payloads` is on, as JSON in strings.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct

from schemas.codec import DecodedRequests
from schemas.reading.answer import answer_fields, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.events import RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Absent, Name, UnixTime, Unusual, UsualRecords, seconds
from schemas.reading.usual_bodies import Answer, Message, Parameters, Usage, said, tool_names
from schemas.reading.values import Json, address, mapping, unix_time
from schemas.request import RequestEvent, StatusCode


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    return "started_at" in record and "request" in record and "response" in record


def _read(item: Json) -> Json:
    request, response = mapping(item.get("request")), mapping(item.get("response"))
    consumer, entity = mapping(item.get("consumer")), mapping(item.get("authenticated_entity"))
    headers = mapping(request.get("headers"))
    plugin = _plugin(mapping(item.get("ai")))
    meta, payload = mapping(plugin.get("meta")), mapping(plugin.get("payload"))
    body, answer = mapping(payload.get("request")), mapping(payload.get("response"))
    usage = mapping(plugin.get("usage"))
    return {
        "id": request.get("id") or headers.get("x-kong-request-id"),
        "time": unix_time(item.get("started_at")),
        "account": consumer.get("id")
        or consumer.get("custom_id")
        or consumer.get("username")
        or entity.get("id"),
        "api_key": entity.get("id"),
        "end_user": body.get("user"),
        "operation": operation(request.get("uri")),
        "model": meta.get("request_model") or body.get("model") or meta.get("response_model"),
        "ip": address(item.get("client_ip")),
        "user_agent": headers.get("user-agent"),
        **usage_fields(mapping(answer.get("usage"))),
        **_usage(usage),
        **parameter_fields(body),
        **conversation_fields(body),
        **answer_fields(answer),
        "status": response.get("status"),
        "latency_ms": mapping(item.get("latencies")).get("request"),
    }


def _plugin(plugins: Json) -> Json:
    """What the plugin that proxied the request says; the others have neither meta nor usage."""
    proxy = mapping(plugins.get("proxy"))
    if proxy:
        return proxy
    for plugin in plugins.values():
        if isinstance(plugin, dict) and ("meta" in plugin or "usage" in plugin):
            return plugin
    return {}


def _usage(usage: Json) -> Json:
    """Token counts; until Kong 3.8 the names were in the singular."""
    fields = usage_fields(usage)
    for name, old in (("input_tokens", "prompt_token"), ("output_tokens", "completion_token")):
        if fields.get(name) is None and usage.get(old) is not None:
            fields[name] = usage[old]
    return {name: value for name, value in fields.items() if value is not None}


class _Body(Parameters, gc=False):
    messages: list[Message] | None = None
    model: str | None = None
    user: str | None = None
    input: Absent = UNSET
    contents: Absent = UNSET
    prompt: Absent = UNSET
    inputText: Absent = UNSET
    inputs: Absent = UNSET
    instructions: Absent = UNSET
    systemInstruction: Absent = UNSET
    system_instruction: Absent = UNSET


class _Meta(Struct, gc=False):
    request_model: str | None = None
    response_model: str | None = None


class _Payload(Struct, gc=False):
    request: str
    response: str


class _Plugin(Struct, gc=False):
    payload: _Payload
    meta: _Meta
    usage: Usage | None = None


class _Plugins(Struct, gc=False):
    proxy: _Plugin


class _Headers(Struct, rename={"user_agent": "user-agent"}, gc=False):
    user_agent: str | None = None


class _Request(Struct, gc=False):
    id: Name
    uri: str
    headers: _Headers


class _Response(Struct, gc=False):
    status: StatusCode


class _Consumer(Struct, gc=False):
    id: Name | None = None
    custom_id: Name | None = None
    username: Name | None = None


class _Entity(Struct, gc=False):
    id: Name | None = None


class _Latencies(Struct, gc=False):
    request: float | None = None


class _Record(Struct, gc=False):
    """The members of a record with payloads that are read, with their usual types."""

    started_at: UnixTime
    request: _Request
    response: _Response
    ai: _Plugins
    latencies: _Latencies
    consumer: _Consumer | None = None
    authenticated_entity: _Entity | None = None
    client_ip: str | None = None
    account: Absent = UNSET
    resourceSpans: Absent = UNSET
    startTime: Absent = UNSET
    batch_id: Absent = UNSET
    schemaType: Absent = UNSET


_body = msgspec.json.Decoder(_Body).decode
_answer = msgspec.json.Decoder(Answer).decode


def _usual(item: _Record) -> RequestEvent:
    """What `_read` says, of a usual record."""
    request, plugin, consumer = item.request, item.ai.proxy, item.consumer or _NOBODY
    body, answer = _body(plugin.payload.request), _answer(plugin.payload.response)
    meta, usage = plugin.meta, answer.usage or plugin.usage
    system, prompt, messages, images, presented = said(
        body.messages, [body.system] if body.system else []
    )
    reason, refused, issued = answer.end()
    key = item.authenticated_entity.id if item.authenticated_entity else None
    if usage is None or (answer.usage and plugin.usage and answer.usage != plugin.usage):
        raise Unusual
    return RequestEvent(
        request.id,  # id
        seconds(item.started_at),  # time
        consumer.id or consumer.custom_id or consumer.username or key or "",  # account
        None,  # org
        key,  # api_key
        body.user,  # end_user
        None,  # session
        None,  # route
        operation(request.uri),  # operation
        meta.request_model or body.model or meta.response_model,  # model
        address(item.client_ip),  # ip
        None,  # asn
        None,  # country
        request.headers.user_agent,  # user_agent
        None,  # tls_fingerprint
        None,  # payment
        None,  # plan
        None,  # account_created
        usage.prompt_tokens,  # input_tokens
        usage.cached,  # cached_tokens
        usage.completion_tokens or None,  # output_tokens
        usage.reasoning,  # reasoning_tokens
        body.limit(),  # max_tokens
        body.temperature,  # temperature
        body.n,  # n
        messages,  # messages
        images,  # images
        tool_names(body.tools),  # tools
        reason,  # stop_reason
        item.response.status,  # status
        item.latencies.request,  # latency_ms
        refused,  # refused
        issued,  # signatures_issued
        presented,  # signatures_presented
        system,  # system
        prompt,  # prompt
    )


_NOBODY = _Consumer()
FORMAT = RecordFormat("kong", one_or_several, _read, UsualRecords(_Record, _usual))
