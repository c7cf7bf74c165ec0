"""Access logs of Envoy AI Gateway: flat objects whose keys the operator chooses.

Read are the keys of Envoy Gateway's default and of the AI gateway's documentation. There is no
account among them: `[formats.envoy] account = "x-account-id"` names the header or claim that is
logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.codec import DecodedRequests
from schemas.errors import InvalidRecord
from schemas.reading.answer import stop_fields
from schemas.reading.events import Item, RecordFormat, decode_records, one_or_several
from schemas.reading.parameters import operation
from schemas.reading.paths import FormatPaths
from schemas.reading.values import Json, address, is_public, unix_time

_ABSENT = "-"


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records."""
    return decode_records(lines, FORMAT, paths)


def recognises(record: Json) -> bool:
    """Whether an object is one of this format."""
    return "start_time" in record and not record.keys().isdisjoint(
        (
            *("response_code", "response_flags", "upstream_cluster", "gen_ai.request.model"),
            *("x-envoy-origin-path", "x-envoy-upstream-service-time"),
        )
    )


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
    trusted = address(remote)
    if trusted is None or not is_public(trusted):
        told = forwarded.split(",") if isinstance(forwarded, str) else []
        for text in reversed(told):
            found = address(text)
            if found and is_public(found):
                return found
    return trusted


FORMAT = RecordFormat("envoy", _items, _read)
