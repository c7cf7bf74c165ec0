"""Bytes to typed records and back: one JSON object a record, validated in both directions.

Request events are the hot path. Each line is tried once against the strict type, in one pass of
a compiled parser; only lines that fail (unknown fields, whole numbers written as floats, broken
records) take the slow way, which parses to plain objects first and decides alone about refusals.
Lines are decoded one by one: joining them saves 2 % and lets a line that holds two objects hide
behind an empty one.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple, TypeVar

import msgspec
import orjson

from schemas.alert import AlertEvent
from schemas.errors import InvalidRecord
from schemas.facts import FactsRecord
from schemas.feedback import FeedbackRecord
from schemas.refusal import refused_json, refused_value
from schemas.request import REQUEST_FIELDS, WHOLE_FIELDS, RequestEvent
from schemas.score import ScoreRecord
from schemas.times import to_seconds
from schemas.truth import Campaign, CampaignAccount, Truth

MAX_LINE = 4 * 2**20
"""Longest accepted request line, in bytes."""

Record = TypeVar("Record", bound=msgspec.Struct)

_strict = msgspec.json.Decoder(RequestEvent)


class DecodedRequests(NamedTuple):
    """A block of lines, decoded: every line is in `rows` or in `rejects`, both in order.

    Attributes:
        events: The events, times as Unix seconds.
        rows: For each event, the index of its line.
        rejects: Index of each refused line, and why.
        unknown_fields: How many events carried each field that the contract does not know.
    """

    events: list[RequestEvent]
    rows: list[int]
    rejects: list[tuple[int, InvalidRecord]]
    unknown_fields: dict[str, int]


def decode_requests(lines: list[bytes]) -> DecodedRequests:
    """Decode a block of native request events; nothing in the lines can make it raise."""
    events: list[RequestEvent] = []
    rows: list[int] = []
    rejects: list[tuple[int, InvalidRecord]] = []
    unknown_fields: Counter[str] = Counter()
    unknown: list[str] | None = None
    for row, line in enumerate(lines):
        try:
            # A line with unknown fields is rarely alone: do not try its successor in vain.
            event, unknown = _decode_request(line, strictly=not unknown)
        except InvalidRecord as refusal:
            rejects.append((row, refusal))
        else:
            events.append(event)
            rows.append(row)
            if unknown:
                unknown_fields.update(unknown)
    return DecodedRequests(events, rows, rejects, dict(sorted(unknown_fields.items())))


def decode_request(line: bytes) -> RequestEvent:
    """Decode one native request event; unknown fields are ignored.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    return _decode_request(line)[0]


def decode_facts(line: bytes) -> FactsRecord:
    """Decode one facts record.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    facts = _convert(_parse_object(line), FactsRecord)
    created = facts.account_created
    return msgspec.structs.replace(
        facts,
        time=to_seconds(facts.time, "time"),
        account_created=None if created is None else to_seconds(created, "account_created"),
    )


def decode_feedback(line: bytes) -> FeedbackRecord:
    """Decode one verdict.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    feedback = _convert(_parse_object(line), FeedbackRecord)
    return msgspec.structs.replace(feedback, time=to_seconds(feedback.time, "time"))


def decode_alert(line: bytes) -> AlertEvent:
    """Decode one alert event.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    return _convert(_parse_object(line), AlertEvent)


def decode_score(line: bytes) -> ScoreRecord:
    """Decode one score record.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    return _convert(_parse_object(line), ScoreRecord)


def decode_truth(document: bytes) -> Truth:
    """Decode the labels of some traffic.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    truth = _convert(_parse_object(document), Truth)
    campaigns = [_with_account_seconds(campaign) for campaign in truth.campaigns]
    return msgspec.structs.replace(truth, campaigns=campaigns)


def encode(record: msgspec.Struct) -> bytes:
    """One JSON object in the documented field order; what is written can always be read back.

    Raises:
        InvalidRecord: A value breaks the record's type, is not finite, or is no valid text.
    """
    plain = msgspec.to_builtins(record)
    try:
        line = orjson.dumps(plain)
    except orjson.JSONEncodeError as error:
        raise InvalidRecord(f"cannot be written: {error}") from None
    # The writer turns a number that is not finite into null: without a null there is none.
    if b"null" in line:
        _require_finite(plain, "")
    _convert(plain, type(record))
    return line


def _decode_request(line: bytes, *, strictly: bool = True) -> tuple[RequestEvent, list[str] | None]:
    """The event, and the names of its unknown fields if it has any."""
    if len(line) > MAX_LINE:
        raise InvalidRecord(f"line is longer than {MAX_LINE} bytes")
    event = _decode_strictly(line) if strictly else None
    unknown = None
    if event is None:
        event, unknown = _decode_slowly(line)
    if isinstance(event.time, str) or isinstance(event.account_created, str):
        event = _with_request_seconds(event)
    return event, unknown


def _decode_strictly(line: bytes) -> RequestEvent | None:
    """The event when nothing about the line is unusual."""
    try:
        return _strict.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decode_slowly(line: bytes) -> tuple[RequestEvent, list[str]]:
    record = _parse_object(line)
    unknown = list(record.keys() - REQUEST_FIELDS)
    for name in unknown:
        del record[name]
    for name in WHOLE_FIELDS:
        value = record.get(name)
        if isinstance(value, float) and value.is_integer():
            record[name] = int(value)
    return _convert(record, RequestEvent), unknown


def _parse_object(line: bytes) -> dict[str, object]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise refused_json(line, error) from None
    if not isinstance(record, dict):
        raise InvalidRecord("not a JSON object")
    return record


def _convert(record: object, kind: type[Record]) -> Record:
    try:
        return msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise refused_value(error) from None


def _with_request_seconds(event: RequestEvent) -> RequestEvent:
    created = event.account_created
    return msgspec.structs.replace(
        event,
        time=to_seconds(event.time, "time"),
        account_created=None if created is None else to_seconds(created, "account_created"),
    )


def _with_account_seconds(campaign: Campaign) -> Campaign:
    accounts = [
        CampaignAccount(
            account.id,
            to_seconds(account.start, "from"),
            None if account.end is None else to_seconds(account.end, "to"),
        )
        for account in campaign.accounts
    ]
    return msgspec.structs.replace(campaign, accounts=accounts)


def _require_finite(value: object, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRecord("number is not finite", path)
    if isinstance(value, dict):
        for name, member in value.items():
            _require_finite(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _require_finite(member, f"{path}[{index}]")
