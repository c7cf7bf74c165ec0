"""The request event: what a gateway reports about one request to a model."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.times import EventTime

MAX_IDENTIFIER = 512
"""Longest accepted id or account, in characters."""

MAX_COUNT = 2**31 - 1
"""Largest accepted count: sums over four billion rows still fit 64 bits."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_IDENTIFIER)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
AsNumber = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
StatusCode = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class RequestEvent(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True
):
    """One request; only `id`, `time` and `account` are required, the rest may be None.

    Decoded events carry `time` and `account_created` as Unix seconds, whatever stood on the wire.

    Attributes:
        id: Request id; the same (account, id, time) within 24 h is one request.
        time: When the provider received the request.
        account: The billing principal that scores are kept for.
        org: Owner organisation.
        api_key: Key id, never the key.
        end_user: The caller's own user id.
        session: Conversation id.
        route: Access pathway: `api`, `app`, `batch`, `cloud:<name>` …
        operation: `chat`, `completion`, `embedding` …
        model: Model asked for.
        ip: Network address of origin.
        asn: Autonomous system of origin.
        country: Country of origin.
        user_agent: Client software.
        tls_fingerprint: JA3 or JA4.
        payment: Opaque fingerprint of the payment instrument.
        plan: `free`, `payg`, `pro`, `team`, `enterprise`, `education`, `research`, `startup` …
        account_created: Sign-up time.
        input_tokens: Tokens read, cached ones included.
        cached_tokens: Tokens read from a cache.
        output_tokens: Tokens written, reasoning included.
        reasoning_tokens: Tokens of reasoning.
        max_tokens: Limit asked for.
        temperature: Sampling temperature.
        n: Completions asked for.
        messages: Messages in the request.
        images: Images in the request.
        tools: Names of the tools offered.
        stop_reason: Why the model stopped.
        status: HTTP or gateway status.
        latency_ms: Milliseconds until the answer was complete.
        refused: The request hit a refusal or a safeguard.
        signatures_issued: Ids of opaque reasoning signatures given out.
        signatures_presented: Ids of opaque reasoning signatures sent back.
        system: System text; sketched at ingestion, then dropped.
        prompt: Text new in this request; sketched at ingestion, then dropped.
        sketch: The same made at the edge, base64 of a versioned record.
    """

    id: Identifier
    time: EventTime
    account: Identifier
    org: str | None = None
    api_key: str | None = None
    end_user: str | None = None
    session: str | None = None
    route: str | None = None
    operation: str | None = None
    model: str | None = None
    ip: str | None = None
    asn: AsNumber | None = None
    country: str | None = None
    user_agent: str | None = None
    tls_fingerprint: str | None = None
    payment: str | None = None
    plan: str | None = None
    account_created: EventTime | None = None
    input_tokens: Count | None = None
    cached_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    max_tokens: float | None = None
    temperature: float | None = None
    n: float | None = None
    messages: Count | None = None
    images: Count | None = None
    tools: list[str] | None = None
    stop_reason: str | None = None
    status: StatusCode | str | None = None
    latency_ms: float | None = None
    refused: bool | None = None
    signatures_issued: list[str] | None = None
    signatures_presented: list[str] | None = None
    system: str | None = None
    prompt: str | None = None
    sketch: str | None = None


REQUEST_FIELDS = frozenset(RequestEvent.__struct_fields__)
"""Names of all fields of a request event."""

WHOLE_FIELDS = (
    "asn",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "messages",
    "images",
    "status",
)
"""Fields that hold whole numbers; exporters that know only floats write them as `12.0`."""
