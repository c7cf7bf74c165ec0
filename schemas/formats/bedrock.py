"""Amazon Bedrock's invocation log, `ModelInvocationLog` 1.0, as in S3 or CloudWatch.

Bodies over 100 kB stand in S3 and are only referred to: such a request has no text. The network is
not logged here but in CloudTrail, under the same request id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from msgspec import UNSET, Raw, Struct

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import answer_fields, is_refusal, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.events import Item, RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Absent, Name, TextTime, Unusual, UsualRecords, seconds
from schemas.reading.usual_bodies import TextPart, said
from schemas.reading.values import Json, mapping, total, unix_time
from schemas.request import MAX_COUNT, Count, RequestEvent

_SCHEMA = "ModelInvocationLog"


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    return record.get("schemaType") == _SCHEMA


def _items(record: Any) -> Iterator[Item | InvalidRecord]:
    for item in one_or_several(record):
        if isinstance(item, Item) and item.value.get("schemaType", _SCHEMA) != _SCHEMA:
            part = item.part and item.part()
            yield InvalidRecord(f"schemaType is not {_SCHEMA}", "schemaType", part)
        else:
            yield item


def _read(item: Json) -> Json:
    given, gave = mapping(item.get("input")), mapping(item.get("output"))
    body, answer = mapping(given.get("inputBodyJson")), _answer(gave.get("outputBodyJson"))
    metadata = mapping(item.get("requestMetadata"))
    read, made = given.get("cacheReadInputTokenCount"), given.get("cacheWriteInputTokenCount")
    return {
        "id": item.get("requestId"),
        "time": unix_time(item.get("timestamp")),
        "account": mapping(item.get("identity")).get("arn"),
        "org": item.get("accountId"),
        "end_user": metadata.get("user") or metadata.get("userId"),
        "session": metadata.get("sessionId") or metadata.get("session"),
        "route": "cloud:bedrock",
        "operation": operation(item.get("operation")),
        "model": item.get("modelId"),
        **usage_fields(mapping(answer.get("usage"))),
        # Amazon counts what came from a cache, and went there, beside the tokens read.
        "input_tokens": total(given.get("inputTokenCount"), read, made),
        "cached_tokens": read,
        "output_tokens": gave.get("outputTokenCount"),
        **parameter_fields(body),
        **conversation_fields(body),
        **answer_fields(answer),
        "status": item.get("errorCode") or item.get("status"),
        "latency_ms": mapping(answer.get("metrics")).get("latencyMs"),
    }


def _answer(body: object) -> Json:
    """The answer's body; of a streamed one the members of all events in one object."""
    if not isinstance(body, list):
        return mapping(body)
    answer: Json = {}
    for event in body:
        for value in mapping(event).values():
            answer.update(mapping(value))
        answer.update(mapping(event))
    return answer


class _Message(Struct, forbid_unknown_fields=True, gc=False):
    role: str
    content: list[TextPart]
    thinking_blocks: ClassVar[None] = None


class _Sampling(Struct, gc=False):
    maxTokens: float | None = None
    temperature: float | None = None
    n: Absent = UNSET
    candidateCount: Absent = UNSET
    max_tokens: Absent = UNSET
    max_completion_tokens: Absent = UNSET
    max_output_tokens: Absent = UNSET
    max_tokens_to_sample: Absent = UNSET
    maxOutputTokens: Absent = UNSET
    maxTokenCount: Absent = UNSET
    max_gen_len: Absent = UNSET


class _ToolSpec(Struct, gc=False):
    name: str


class _Tool(Struct, forbid_unknown_fields=True, gc=False):
    toolSpec: _ToolSpec


class _Tools(Struct, gc=False):
    tools: list[_Tool]


class _Body(Struct, forbid_unknown_fields=True, gc=False):
    """The body of a call of Converse."""

    messages: list[_Message]
    system: list[TextPart] | None = None
    inferenceConfig: _Sampling | None = None
    toolConfig: _Tools | None = None
    additionalModelRequestFields: Raw | None = None


class _Given(Struct, gc=False):
    inputBodyJson: _Body
    inputTokenCount: Count
    cacheReadInputTokenCount: Count | None = None
    cacheWriteInputTokenCount: Count | None = None


class _Said(Struct, gc=False):
    content: list[TextPart]
    thinking_blocks: Absent = UNSET
    parts: Absent = UNSET
    signature: Absent = UNSET
    encrypted_content: Absent = UNSET
    thoughtSignature: Absent = UNSET
    thought_signature: Absent = UNSET
    type: Absent = UNSET
    reasoningContent: Absent = UNSET


class _Output(Struct, gc=False):
    message: _Said


class _Usage(Struct, forbid_unknown_fields=True, gc=False):
    """Counts that the record has once more."""

    inputTokens: Raw | None = None
    outputTokens: Raw | None = None
    totalTokens: Raw | None = None
    cacheReadInputTokens: Raw | None = None
    cacheWriteInputTokens: Raw | None = None


class _Metrics(Struct, gc=False):
    latencyMs: float | None = None


class _Answer(Struct, forbid_unknown_fields=True, gc=False):
    output: _Output
    stopReason: str
    metrics: _Metrics | None = None
    usage: _Usage | None = None
    trace: Raw | None = None
    performanceConfig: Raw | None = None


class _Gave(Struct, gc=False):
    outputBodyJson: _Answer
    outputTokenCount: Count


class _Identity(Struct, gc=False):
    arn: Name


class _Record(Struct, gc=False):
    """The members of a call of Converse that are read, with their usual types."""

    timestamp: TextTime
    requestId: Name
    identity: _Identity
    input: _Given
    output: _Gave
    schemaType: Literal["ModelInvocationLog"]
    accountId: str | None = None
    operation: str | None = None
    modelId: str | None = None
    requestMetadata: Absent = UNSET
    errorCode: Absent = UNSET
    status: Absent = UNSET
    account: Absent = UNSET
    resourceSpans: Absent = UNSET
    startTime: Absent = UNSET
    batch_id: Absent = UNSET


def _usual(item: _Record) -> RequestEvent:
    """What `_read` says, of a usual record."""
    given, answer = item.input, item.output.outputBodyJson
    body, sampling = given.inputBodyJson, given.inputBodyJson.inferenceConfig
    read, made = given.cacheReadInputTokenCount, given.cacheWriteInputTokenCount
    names = [tool.toolSpec.name for tool in body.toolConfig.tools] if body.toolConfig else []
    tokens = given.inputTokenCount + (read or 0) + (made or 0)
    if tokens > MAX_COUNT or not all(names):
        raise Unusual
    system, prompt, messages, images, presented = said(
        body.messages, [part.text for part in body.system] if body.system else []
    )
    reason = answer.stopReason or None
    return RequestEvent(
        item.requestId,  # id
        seconds(item.timestamp),  # time
        item.identity.arn,  # account
        item.accountId,  # org
        None,  # api_key
        None,  # end_user
        None,  # session
        "cloud:bedrock",  # route
        operation(item.operation),  # operation
        item.modelId,  # model
        None,  # ip
        None,  # asn
        None,  # country
        None,  # user_agent
        None,  # tls_fingerprint
        None,  # payment
        None,  # plan
        None,  # account_created
        tokens,  # input_tokens
        read,  # cached_tokens
        item.output.outputTokenCount,  # output_tokens
        None,  # reasoning_tokens
        sampling.maxTokens if sampling else None,  # max_tokens
        sampling.temperature if sampling else None,  # temperature
        None,  # n
        messages,  # messages
        images,  # images
        names or None,  # tools
        reason,  # stop_reason
        None,  # status
        answer.metrics.latencyMs if answer.metrics else None,  # latency_ms
        is_refusal(reason) if reason else None,  # refused
        None,  # signatures_issued
        presented,  # signatures_presented
        system,  # system
        prompt,  # prompt
    )


FORMAT = RecordFormat("bedrock", _items, _read, UsualRecords(_Record, _usual))
