"""Diagnostic logs of Azure OpenAI, and of API Management: single, or `records` of Event Hubs.

Azure OpenAI itself logs neither text nor token counts, and masks the end of the caller's address:
the network is known, the address is not. API Management logs bodies where the operator asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import answer_fields, usage_fields
from schemas.reading.conversation import conversation_fields
from schemas.reading.events import (
    Item,
    RecordFormat,
    decode_records,
    one_or_several,
    several,
    written,
)
from schemas.reading.fitting import status_of
from schemas.reading.parameters import operation, parameter_fields
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Absent, Name, TextTime, UsualRecords, seconds
from schemas.reading.values import Json, address, mapping, unix_time
from schemas.request import RequestEvent, StatusCode

_REQUESTS = frozenset({None, "RequestResponse", "GatewayLogs", "ApiManagementGatewayLogs"})


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    single = "operationName" in record and "time" in record
    return single or isinstance(record.get("records"), list)


def _items(record: Any) -> Iterator[Item | InvalidRecord]:
    """Records of requests; those of other categories, as of audits, are none and left alone."""
    for item in one_or_several(record):
        if isinstance(item, Item) and isinstance(item.value.get("records"), list):
            yield from map(_unpacked, _requests(several(item.value["records"])))
        else:
            yield from map(_unpacked, _requests(iter([item])))


def _requests(items: Iterator[Item | InvalidRecord]) -> Iterator[Item | InvalidRecord]:
    for item in items:
        if isinstance(item, InvalidRecord) or _category(item.value) in _REQUESTS:
            yield item


def _category(record: Json) -> object:
    category = record.get("category", record.get("Category"))
    return category if isinstance(category, str) else None


def _unpacked(item: Item | InvalidRecord) -> Item | InvalidRecord:
    """The item with its properties as an object, so that paths lead into them."""
    if isinstance(item, Item) and isinstance(item.value.get("properties"), str):
        part = item.part and partial(written, item.value)
        return Item({**item.value, "properties": mapping(item.value["properties"])}, part)
    return item


def _read(item: Json) -> Json:
    properties = mapping(item.get("properties"))
    body = mapping(properties.get("backendRequestBody") or properties.get("requestBody"))
    answer = mapping(properties.get("backendResponseBody") or properties.get("responseBody"))
    headers = mapping(properties.get("requestHeaders"))
    return {
        "id": item.get("correlationId") or item.get("CorrelationId"),
        "time": unix_time(item.get("time")),
        "account": properties.get("objectId")
        or properties.get("apimSubscriptionId")
        or properties.get("userId"),
        "end_user": body.get("user"),
        "route": "cloud:azure",
        "operation": operation(properties.get("url") or item.get("operationName")),
        "model": properties.get("modelName")
        or body.get("model")
        or properties.get("modelDeploymentName"),
        "ip": address(item.get("callerIpAddress") or properties.get("callerIpAddress")),
        "user_agent": headers.get("User-Agent") or headers.get("user-agent"),
        **usage_fields(mapping(answer.get("usage"))),
        **parameter_fields(body),
        **conversation_fields(body),
        **answer_fields(answer),
        "status": properties.get("responseCode") or item.get("resultSignature"),
        "latency_ms": item.get("durationMs"),
    }


class _Properties(Struct, gc=False):
    objectId: Name
    modelName: Annotated[str, Meta(min_length=1)]
    url: str | None = None
    callerIpAddress: str | None = None
    responseCode: Absent = UNSET
    requestHeaders: Absent = UNSET
    requestBody: Absent = UNSET
    backendRequestBody: Absent = UNSET
    responseBody: Absent = UNSET
    backendResponseBody: Absent = UNSET


class _Record(Struct, gc=False):
    """The members of a record of Azure OpenAI that are read, with their usual types."""

    time: TextTime
    category: Literal["RequestResponse"]
    correlationId: Name
    operationName: str
    properties: _Properties
    callerIpAddress: str | None = None
    # In the order of the event's own field: two orders of one union are one to Python's cache of
    # types, and the schema of events would show whichever was met first.
    resultSignature: StatusCode | str | None = None
    durationMs: float | None = None
    records: Absent = UNSET
    account: Absent = UNSET
    resourceSpans: Absent = UNSET
    startTime: Absent = UNSET
    batch_id: Absent = UNSET
    schemaType: Absent = UNSET
    started_at: Absent = UNSET
    start_time: Absent = UNSET


def _usual(item: _Record) -> RequestEvent:
    """What `_read` says, of a usual record."""
    properties, status = item.properties, item.resultSignature
    return RequestEvent(
        id=item.correlationId,
        time=seconds(item.time),
        account=properties.objectId,
        route="cloud:azure",
        operation=operation(properties.url or item.operationName),
        model=properties.modelName,
        ip=address(item.callerIpAddress or properties.callerIpAddress),
        status=status_of(status) if isinstance(status, str) else status,
        latency_ms=item.durationMs,
    )


FORMAT = RecordFormat("azure", _items, _read, UsualRecords(_Record, _usual))
