"""Access logs of Envoy AI Gateway: flat objects whose keys the operator chooses.

Read are the keys of Envoy Gateway's default and of the AI gateway's documentation. There is no
account among them: `[formats.envoy] account = "x-account-id"` names the header or claim that is
logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import asdict, astuple

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import stop_fields
from schemas.reading.events import Item, RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import Absent, Name, TextTime, UsualRecords, seconds
from schemas.reading.values import Json, located, unix_time
from schemas.request import Count, RequestEvent, StatusCode

_ABSENT = "-"
_MARKS = frozenset({
    *("response_code", "response_flags", "upstream_cluster", "gen_ai.request.model"),
    *("x-envoy-origin-path", "x-envoy-upstream-service-time"),
})  # fmt: skip
_NOBODY = ""


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    return "start_time" in record and not _MARKS.isdisjoint(record)


def _items(record: Any) -> Iterator[Item | InvalidRecord]:
    """The items without the keys whose value Envoy did not have."""
    for item in one_or_several(record):
        if isinstance(item, Item) and _ABSENT in item.value.values():
            present = {name: value for name, value in item.value.items() if value != _ABSENT}
            yield item._replace(value=present)
        else:
            yield item


def _read(item: Json) -> Json:
    seen = item.get
    return {
        "id": seen("x-request-id") or seen("request_id"),
        "time": unix_time(seen("start_time")),
        "account": None,
        "session": seen("session.id") or seen("gen_ai.conversation.id"),
        "operation": operation(
            seen("gen_ai.operation.name") or seen("x-envoy-origin-path") or seen("path")
        ),
        "model": seen("gen_ai.request.model") or seen("gen_ai.response.model"),
        "ip": _origin(seen("downstream_remote_address"), seen("x-forwarded-for")),
        "user_agent": seen("user-agent") or seen("user_agent"),
        "tls_fingerprint": seen("ja4") or seen("ja3") or seen("tls_ja3_fingerprint"),
        "input_tokens": seen("gen_ai.usage.input_tokens"),
        "cached_tokens": seen("gen_ai.usage.cached_input_tokens")
        or seen("gen_ai.usage.cache_read.input_tokens"),
        "output_tokens": seen("gen_ai.usage.output_tokens"),
        "reasoning_tokens": seen("gen_ai.usage.reasoning.output_tokens"),
        **stop_fields(seen("gen_ai.response.finish_reasons")),
        "status": seen("response_code"),
        "latency_ms": seen("duration"),
    }


def _origin(remote: object, forwarded: object) -> str | None:
    """The address that Envoy trusts; only behind a proxy of ours, the last one that it was told.

    What stands further to the left in `x-forwarded-for` the caller may have written.
    """
    trusted, public = located(remote)
    if not public and isinstance(forwarded, str):
        for text in reversed(forwarded.split(",")):
            found, public = located(text)
            if public:
                return found
    return trusted


class _Record(
    Struct,
    rename={
        "request_id_header": "x-request-id",
        "session": "session.id",
        "conversation": "gen_ai.conversation.id",
        "operation": "gen_ai.operation.name",
        "origin_path": "x-envoy-origin-path",
        "request_model": "gen_ai.request.model",
        "response_model": "gen_ai.response.model",
        "forwarded": "x-forwarded-for",
        "user_agent_header": "user-agent",
        "input_tokens": "gen_ai.usage.input_tokens",
        "cached_input_tokens": "gen_ai.usage.cached_input_tokens",
        "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
        "output_tokens": "gen_ai.usage.output_tokens",
        "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
        "finish_reasons": "gen_ai.response.finish_reasons",
    },
    gc=False,
):
    """The members of an access log that are read, with their usual types."""

    start_time: TextTime
    response_code: StatusCode
    request_id_header: Name | None = None
    request_id: Name | None = None
    session: str | None = None
    conversation: str | None = None
    operation: str | None = None
    origin_path: str | None = None
    path: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    downstream_remote_address: str | None = None
    forwarded: str | None = None
    user_agent_header: str | None = None
    user_agent: str | None = None
    ja4: str | None = None
    ja3: str | None = None
    tls_ja3_fingerprint: str | None = None
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_read_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    finish_reasons: str | list[str] | None = None
    duration: float | None = None
    id: Absent = UNSET
    resourceSpans: Absent = UNSET
    startTime: Absent = UNSET
    batch_id: Absent = UNSET
    schemaType: Absent = UNSET
    started_at: Absent = UNSET


def _usual(item: _Record) -> RequestEvent:
    """What `_read` says, of a usual record; its account stands at the operator's path."""
    if _ABSENT in astuple(item):
        for name, value in asdict(item).items():
            if value == _ABSENT:
                setattr(item, name, None)
    stopped = stop_fields(item.finish_reasons)
    return RequestEvent(
        item.request_id_header or item.request_id or "",  # id
        seconds(item.start_time),  # time
        _NOBODY,  # account
        None,  # org
        None,  # api_key
        None,  # end_user
        item.session or item.conversation,  # session
        None,  # route
        operation(item.operation or item.origin_path or item.path),  # operation
        item.request_model or item.response_model,  # model
        _origin(item.downstream_remote_address, item.forwarded),  # ip
        None,  # asn
        None,  # country
        item.user_agent_header or item.user_agent,  # user_agent
        item.ja4 or item.ja3 or item.tls_ja3_fingerprint,  # tls_fingerprint
        None,  # payment
        None,  # plan
        None,  # account_created
        item.input_tokens,  # input_tokens
        item.cached_input_tokens or item.cache_read_tokens,  # cached_tokens
        item.output_tokens,  # output_tokens
        item.reasoning_tokens,  # reasoning_tokens
        None,  # max_tokens
        None,  # temperature
        None,  # n
        None,  # messages
        None,  # images
        None,  # tools
        stopped.get("stop_reason"),  # stop_reason
        item.response_code,  # status
        item.duration,  # latency_ms
        stopped.get("refused"),  # refused
    )


FORMAT = RecordFormat("envoy", _items, _read, UsualRecords(_Record, _usual, _ABSENT))
