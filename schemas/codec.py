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
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar, overload

import msgspec
import orjson
from msgspec.structs import force_setattr

from schemas.alert import AlertEvent
from schemas.errors import InvalidRecord
from schemas.facts import FactsRecord
from schemas.feedback import FeedbackRecord, in_seconds
from schemas.refusal import refused_json, refused_value
from schemas.request import REQUEST_FIELDS, WHOLE_FIELDS, RequestEvent
from schemas.score import ScoreRecord
from schemas.times import to_seconds
from schemas.truth import Campaign, CampaignAccount, Truth

MAX_LINE = 4 * 2**20
"""Longest accepted request line, in bytes."""

MAX_UNKNOWN = 64
"""Longest name of an unknown field that is told, and most of them of a line."""

Record = TypeVar("Record", bound=msgspec.Struct)

Part = Callable[[], bytes | None] | None
"""Gives one of several requests in a record as a record of its own; None if it cannot be."""

_strict = msgspec.json.Decoder(RequestEvent)


class DecodedRequests(NamedTuple):
    """A block of lines, decoded: `rows` and `rejects` are both in the order of the lines.

    A line may hold several requests, and then be in either more than once. One that holds none, as
    traces of other work, is in neither.

    Attributes:
        events: The events, times as Unix seconds.
        rows: For each event, the index of its line.
        rejects: Index of the line of each refusal, and why.
        unknown_fields: How many events carried each field that the contract does not know.
        parts: For each event what gives it as a record of its own, None where it is its line's only
            one; empty where all are.
    """

    events: list[RequestEvent]
    rows: list[int]
    rejects: list[tuple[int, InvalidRecord]]
    unknown_fields: dict[str, int]
    parts: Sequence[Part] = ()

    @property
    def requests(self) -> int:
        """How many requests there were, refused ones included."""
        return len(self.events) + len(self.rejects)

    def records(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """For each event its record, for whoever refuses it later: its line, or itself alone."""
        whole = [lines[row] for row in self.rows]
        return _Records(whole, self.parts) if any(self.parts) else whole


class _Records(Sequence[bytes]):
    """Records of events, cut out of their lines only when they are asked for."""

    def __init__(self, whole: Sequence[bytes], parts: Sequence[Part]) -> None:
        self._whole = whole
        self._parts = parts

    def __len__(self) -> int:
        return len(self._whole)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return _Records(self._whole[index], self._parts[index])
        part = self._parts[index]
        return (part and part()) or self._whole[index]


def decode_requests(lines: list[bytes]) -> DecodedRequests:
    """Decode a block of native request events; nothing in the lines can make it raise."""
    events: list[RequestEvent] = []
    rejects: list[tuple[int, InvalidRecord]] = []
    unknown_fields: Counter[str] = Counter()
    unknown: list[str] = []
    row = 0
    while row < len(lines):
        # A line with unknown fields is rarely alone: do not try its successor in vain.
        if not unknown:
            row = _decode_usual(lines, row, events)
            if row == len(lines):
                break
        try:
            event, unknown = _decode_unusual(lines[row])
        except InvalidRecord as refusal:
            rejects.append((row, refusal))
        else:
            events.append(event)
            unknown_fields.update(unknown)
        row += 1
    refused = {row for row, _ in rejects}
    rows = [row for row in range(len(lines)) if row not in refused]
    return DecodedRequests(events, rows, rejects, dict(sorted(unknown_fields.items())))


def decode_request(line: bytes) -> RequestEvent:
    """Decode one native request event; unknown fields are ignored.

    Raises:
        InvalidRecord: With the reason and the field at fault.
    """
    decoded = decode_requests([line])
    for _, refusal in decoded.rejects:
        raise refusal
    return decoded.events[0]


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
    return in_seconds(_convert(_parse_object(line), FeedbackRecord))


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


def _decode_usual(lines: list[bytes], row: int, events: list[RequestEvent]) -> int:
    """Append the events of lines from `row` on until one is unusual; returns the row reached."""
    decode = _strict.decode
    try:
        for row in range(row, len(lines)):  # noqa: B020, PLR1704  # the row is told on any way out
            line = lines[row]
            if len(line) > MAX_LINE:
                return row
            event = decode(line)
            if isinstance(event.account_created, str) or isinstance(event.time, str):
                turn_to_seconds(event)
            events.append(event)
    except (InvalidRecord, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return row
    return len(lines)


def _decode_unusual(line: bytes) -> tuple[RequestEvent, list[str]]:
    """The event, and the names of its unknown fields."""
    if len(line) > MAX_LINE:
        raise InvalidRecord(f"line is longer than {MAX_LINE} bytes")
    record = _parse_object(line)
    unknown = sorted(record.keys() - REQUEST_FIELDS)
    for name in unknown:
        del record[name]
    for name in WHOLE_FIELDS:
        value = record.get(name)
        if isinstance(value, float) and value.is_integer():
            record[name] = int(value)
    event = _convert(record, RequestEvent)
    turn_to_seconds(event)
    return event, [name[:MAX_UNKNOWN] for name in unknown[:MAX_UNKNOWN]]


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


def turn_to_seconds(event: RequestEvent) -> None:
    """Replace the times of an event that nobody else has seen yet by Unix seconds.

    Raises:
        InvalidRecord: A time is none.
    """
    if isinstance(event.time, str):
        force_setattr(event, "time", to_seconds(event.time, "time"))
    if isinstance(event.account_created, str):
        force_setattr(event, "account_created", _sign_up_seconds(event.account_created))


@lru_cache(1 << 16)
def _sign_up_seconds(text: str) -> float:
    """Unix seconds of a sign-up: each account's requests repeat the same one."""
    return to_seconds(text, "account_created")


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
