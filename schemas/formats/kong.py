"""What Kong's log plugins write, as `kafka-log`, with the part that the AI plugins add.

Source: Kong's documentation of the log format and of the AI audit log. `ai` holds one object for
each AI plugin; bodies are there if `logging.log_payloads` is on, as JSON in strings.
"""

from __future__ import annotations

from schemas.codec import DecodedRequests
from schemas.reading.answer import answer_fields, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.events import RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.values import Json, address, mapping, unix_time


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


FORMAT = RecordFormat("kong", one_or_several, _read)
