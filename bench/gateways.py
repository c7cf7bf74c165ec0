"""Requests as each gateway would log them, for `bench.formats`: the same facts in other clothes."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.times import to_rfc3339

Event = dict[str, Any]
"""A native request."""


def _messages(event: Event) -> list[Event]:
    system = [{"role": "system", "content": event["system"]}] if event.get("system") else []
    return [*system, {"role": "user", "content": event["prompt"]}]


def _parameters(event: Event) -> Event:
    chosen = {name: event[name] for name in ("max_tokens", "temperature") if event.get(name)}
    tools = [{"type": "function", "function": {"name": name}} for name in event.get("tools") or ()]
    return {**chosen, "tools": tools} if tools else chosen


def _openai_usage(event: Event) -> Event:
    return {
        "prompt_tokens": event["input_tokens"],
        "completion_tokens": event["output_tokens"],
        "completion_tokens_details": {"reasoning_tokens": event["reasoning_tokens"]},
        "prompt_tokens_details": {"cached_tokens": event["cached_tokens"]},
    }


def _openai_answer(event: Event) -> Event:
    message = {"role": "assistant", "content": "An answer."}
    choice = {"finish_reason": event["stop_reason"], "index": 0, "message": message}
    return {"model": event["model"], "choices": [choice], "usage": _openai_usage(event)}


def litellm(event: Event) -> bytes:
    """As LiteLLM's webhook sends it, without the members that are null."""
    end = event["time"] + event["latency_ms"] / 1e3
    return orjson.dumps({
        "id": event["id"],
        "trace_id": event["id"],
        "session_id": event.get("session"),
        "call_type": "acompletion",
        "stream": False,
        "status": "success",
        "startTime": event["time"],
        "endTime": end,
        "completionStartTime": end,
        "response_time": event["latency_ms"] / 1e3,
        "model": event["model"],
        "metadata": {
            "user_api_key_hash": event.get("api_key"),
            "user_api_key_org_id": event.get("org"),
            "user_api_key_user_id": event["account"],
            "requester_ip_address": event["ip"],
        },
        "prompt_tokens": event["input_tokens"],
        "completion_tokens": event["output_tokens"],
        "end_user": event.get("end_user", ""),
        "requester_ip_address": event["ip"],
        "user_agent": event["user_agent"],
        "messages": _messages(event),
        "response": _openai_answer(event),
        "model_parameters": _parameters(event),
    })  # fmt: skip


def _attribute(name: str, value: object) -> Event:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    if isinstance(value, float):
        kind = "doubleValue"
    if isinstance(value, list):
        content: object = {"values": [{"stringValue": member} for member in value]}
        return {"key": name, "value": {"arrayValue": content}}
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def _span(event: Event) -> Event:
    nanoseconds = round(event["time"] * 1e6) * 1_000
    turns = [
        {"role": one["role"], "parts": [{"type": "text", "content": one["content"]}]}
        for one in _messages(event)
    ]
    tools = [{"type": "function", "name": name} for name in event.get("tools") or ()]
    attributes = {
        "user.id": event["account"],
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "acme",
        "gen_ai.conversation.id": event.get("session"),
        "gen_ai.request.model": event["model"],
        "gen_ai.request.max_tokens": event.get("max_tokens"),
        "gen_ai.request.temperature": event.get("temperature"),
        "gen_ai.usage.input_tokens": event["input_tokens"],
        "gen_ai.usage.output_tokens": event["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": event["cached_tokens"],
        "gen_ai.response.finish_reasons": [event["stop_reason"]],
        "gen_ai.input.messages": orjson.dumps(turns).decode(),
        "gen_ai.tool.definitions": orjson.dumps(tools).decode() if tools else None,
        "client.address": event["ip"],
        "user_agent.original": event["user_agent"],
    }
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": event["id"],
        "name": f"chat {event['model']}",
        "kind": 3,
        "startTimeUnixNano": str(nanoseconds),
        "endTimeUnixNano": str(nanoseconds + round(event["latency_ms"] * 1e6)),
        "attributes": [
            _attribute(name, value) for name, value in attributes.items() if value is not None
        ],
        "status": {},
    }


def otel(event: Event) -> bytes:
    """As OTLP in JSON, a record of one span."""
    resource = {"attributes": [_attribute("service.name", "gateway")]}
    scopes = [{"scope": {"name": "gateway"}, "spans": [_span(event)]}]
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]})


def kong(event: Event) -> bytes:
    """As Kong's `kafka-log` writes it, with payloads."""
    body = {"model": event["model"], "messages": _messages(event), **_parameters(event)}
    answer = _openai_answer(event)
    return orjson.dumps({
        "client_ip": event["ip"],
        "started_at": round(event["time"] * 1e3),
        "workspace": "default",
        "consumer": {"id": event["account"], "username": event["account"]},
        "authenticated_entity": {"id": event.get("api_key")},
        "request": {
            "id": event["id"],
            "uri": "/v1/chat/completions",
            "method": "POST",
            "headers": {"user-agent": event["user_agent"], "content-type": "application/json"},
        },
        "response": {"status": event["status"], "size": 900},
        "latencies": {"request": event["latency_ms"], "kong": 3, "proxy": event["latency_ms"]},
        "ai": {
            "proxy": {
                "usage": _openai_usage(event),
                "meta": {"request_model": event["model"], "provider_name": "acme"},
                "payload": {
                    "request": orjson.dumps(body).decode(),
                    "response": orjson.dumps(answer).decode(),
                },
            }
        },
    })  # fmt: skip


def bedrock(event: Event) -> bytes:
    """As Bedrock logs a call of Converse."""
    turns = [{"role": "user", "content": [{"text": event["prompt"]}]}]
    body: Event = {"messages": turns}
    if event.get("system"):
        body["system"] = [{"text": event["system"]}]
    if event.get("max_tokens"):
        body["inferenceConfig"] = {"maxTokens": event["max_tokens"]}
    if event.get("tools"):
        tools = [{"toolSpec": {"name": name}} for name in event["tools"]]
        body["toolConfig"] = {"tools": tools}
    message = {"role": "assistant", "content": [{"text": "An answer."}]}
    return orjson.dumps({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": _rfc3339(event["time"]),
        "accountId": event.get("org"),
        "identity": {"arn": event["account"]},
        "region": "us-east-1",
        "requestId": event["id"],
        "operation": "Converse",
        "modelId": event["model"],
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": body,
            "inputTokenCount": event["input_tokens"],
            "cacheReadInputTokenCount": event["cached_tokens"],
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": {"message": message},
                "stopReason": event["stop_reason"],
                "metrics": {"latencyMs": event["latency_ms"]},
            },
            "outputTokenCount": event["output_tokens"],
        },
    })  # fmt: skip


def envoy(event: Event) -> bytes:
    """As Envoy AI Gateway logs it, with the account in a header."""
    return orjson.dumps({
        "start_time": _rfc3339(event["time"]),
        "method": "POST",
        "x-request-id": event["id"],
        "x-account-id": event["account"],
        "x-envoy-origin-path": "/v1/chat/completions",
        "response_code": event["status"],
        "response_flags": "-",
        "duration": event["latency_ms"],
        "downstream_remote_address": f"{event['ip']}:40112",
        "x-forwarded-for": event["ip"],
        "user-agent": event["user_agent"],
        "gen_ai.request.model": event["model"],
        "gen_ai.usage.input_tokens": event["input_tokens"],
        "gen_ai.usage.output_tokens": event["output_tokens"],
    })  # fmt: skip


def azure(event: Event) -> bytes:
    """As Azure OpenAI's diagnostics have it."""
    return orjson.dumps({
        "time": _rfc3339(event["time"]),
        "category": "RequestResponse",
        "operationName": "ChatCompletions_Create",
        "resultSignature": str(event["status"]),
        "durationMs": event["latency_ms"],
        "callerIpAddress": event["ip"].rpartition(".")[0] + ".***",
        "correlationId": event["id"],
        "properties": {
            "modelName": event["model"],
            "modelDeploymentName": "default",
            "streamType": "Non-Streaming",
            "objectId": event["account"],
        },
    })  # fmt: skip


def _rfc3339(seconds: float) -> str:
    return to_rfc3339(round(seconds * 1e6))
