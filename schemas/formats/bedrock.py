"""Amazon Bedrock's invocation log, `ModelInvocationLog` 1.0, as in S3 or CloudWatch.

Bodies over 100 kB stand in S3 and are only referred to: such a request has no text. The network is
not logged here but in CloudTrail, under the same request id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import answer_fields, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.events import Item, RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.values import Json, mapping, total, unix_time

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


FORMAT = RecordFormat("bedrock", _items, _read)
