"""From a gateway's records to request events: the part that is the same for all formats.

A format says what the items of a record are and which fields of the event each of them tells. A
value of the wrong type is as good as none, since much of what a gateway writes is the caller's
choice and must blind nobody to the rest; only `id`, `time` and `account` are worth a refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import orjson

from schemas.codec import MAX_LINE, DecodedRequests, Part, turn_to_seconds
from schemas.errors import InvalidRecord
from schemas.reading.paths import FieldPaths, FormatPaths, find_first
from schemas.reading.values import Json, address, number, unix_time
from schemas.refusal import refused_json, refused_value
from schemas.request import MAX_COUNT, REQUEST_FIELDS, RequestEvent

MOST_ITEMS = 1 << 14
"""Most requests that one record may hold."""

MOST_PART_BYTES = 2 * MAX_LINE
"""Bytes of the dead letters of one record: each of its requests may repeat what they share."""

_NOTHING = b"null"
_TIMES = ("time", "account_created")
_LISTS = ("tools", "signatures_issued", "signatures_presented")
_COUNTS = {
    "asn": 2**32 - 1,
    **dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), MAX_COUNT),
    **dict.fromkeys(("reasoning_tokens", "messages", "images"), MAX_COUNT),
}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Item(NamedTuple):
    """One of the requests in a record.

    Attributes:
        value: What the format's `read` takes, and where the operator's paths lead.
        part: Gives the item as a record of its own; None when it is the whole record.
    """

    value: Json
    part: Part = None


class RecordFormat(NamedTuple):
    """One input format.

    Attributes:
        name: Its name in the settings.
        items: The requests in a parsed record; raises `InvalidRecord` if it is none of this format.
            It may give an `InvalidRecord` in the place of an item.
        read: From an item to fields of the event, of any type; raises `InvalidRecord`.
    """

    name: str
    items: Callable[[Any], Iterator[Item | InvalidRecord]]
    read: Callable[[Json], Json]


class Block:
    """A block of lines while it is decoded.

    Args:
        paths: The operator's paths.
    """

    def __init__(self, paths: FormatPaths) -> None:
        self._paths = paths
        self.events: list[RequestEvent] = []
        self.rows: list[int] = []
        self.rejects: list[tuple[int, InvalidRecord]] = []
        self._unknown: Counter[str] = Counter()
        self._parts: list[Part] = []
        self._room = MOST_PART_BYTES

    def take(self, row: int, record: object, form: RecordFormat) -> None:
        """Take the requests of a parsed record."""
        paths = self._paths.get(form.name)
        self._room = MOST_PART_BYTES
        try:
            items = form.items(record)
            for item in islice(items, MOST_ITEMS):
                if isinstance(item, InvalidRecord):
                    self.refuse(row, item)
                else:
                    self._take_item(row, item, form, paths)
            if next(items, None) is not None:
                self.refuse(row, InvalidRecord(f"of a record only {MOST_ITEMS} requests are read"))
        except InvalidRecord as refusal:
            self.refuse(row, refusal)

    def _take_item(
        self, row: int, item: Item, form: RecordFormat, paths: FieldPaths | None
    ) -> None:
        try:
            self.events.append(_event(item.value, form, paths))
            self.rows.append(row)
            self._parts.append(item.part)
        except InvalidRecord as refusal:
            refusal.part = item.part and self._written(item.part)
            self.refuse(row, refusal)

    def _written(self, part: Callable[[], bytes | None]) -> bytes:
        """The item as a record of its own, null once there is no room for it."""
        made = (part() if self._room > 0 else None) or _NOTHING
        self._room -= len(made)
        return made

    def merge(self, row: int, decoded: DecodedRequests) -> None:
        """Take what came of one line elsewhere."""
        self.events += decoded.events
        self.rows += [row] * len(decoded.events)
        self._parts += [None] * len(decoded.events)
        self.rejects += [(row, refusal) for _, refusal in decoded.rejects]
        self._unknown.update(decoded.unknown_fields)

    def refuse(self, row: int, refusal: InvalidRecord) -> None:
        """Refuse a line, or one of the requests in it."""
        self.rejects.append((row, refusal))

    def decoded(self) -> DecodedRequests:
        """What came of the lines."""
        unknown = dict(sorted(self._unknown.items()))
        return DecodedRequests(self.events, self.rows, self.rejects, unknown, self._parts)


def decode_records(
    lines: list[bytes],
    form: RecordFormat,
    paths: FormatPaths,
    read_record: Callable[[bytes], Any] | None = None,
) -> DecodedRequests:
    """Decode a block of lines of one format; nothing in the lines can make it raise.

    Args:
        lines: The lines, or records of a topic.
        form: The format.
        paths: The operator's paths.
        read_record: From a line to what `form.items` takes; JSON by default.
    """
    read_record = read_record or parse
    block = Block(paths)
    for row, line in enumerate(lines):
        try:
            block.take(row, read_record(line), form)
        except InvalidRecord as refusal:
            block.refuse(row, refusal)
    return block.decoded()


def parse(line: bytes) -> Any:
    """The JSON value of a line.

    Raises:
        InvalidRecord: It is none, or too long.
    """
    if len(line) > MAX_LINE:
        raise InvalidRecord(f"line is longer than {MAX_LINE} bytes")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise refused_json(line, error) from None


def one_or_several(record: object) -> Iterator[Item | InvalidRecord]:
    """The items of a record that is an object, or an array of objects."""
    if isinstance(record, dict):
        yield Item(record)
    elif isinstance(record, list):
        yield from several(record)
    else:
        raise InvalidRecord("not a JSON object or array of objects")


def several(members: list[Any]) -> Iterator[Item | InvalidRecord]:
    """The items of an array of objects."""
    for member in members:
        if isinstance(member, dict):
            yield Item(member, partial(written, member))
        else:
            yield InvalidRecord("not a JSON object", None, written(member))


def written(value: object) -> bytes:
    """The value as JSON; null where it is nested too deep to be written.

    The whole record in its place, once for each such item, would be many times what came.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _NOTHING


def _event(item: Json, form: RecordFormat, paths: FieldPaths | None) -> RequestEvent:
    fields = form.read(item)
    for name, several_paths in (paths or {}).items():
        fields[name] = _chosen(name, find_first(item, several_paths))
    if not fields["account"]:
        hint = f'[formats.{form.name}] account = "…" in the settings names where it stands'
        raise InvalidRecord(f"no account: {hint}", "account")
    status = fields.get("status")
    if isinstance(status, str):
        fields["status"] = _status(status)
    try:
        event = msgspec.convert(fields, RequestEvent)
    except msgspec.ValidationError:
        event = _mended(fields)
    turn_to_seconds(event)
    return event


def _chosen(name: str, value: object) -> object:
    """A value found at the operator's path, as far as it takes more than its type to read it."""
    if name in _TIMES:
        return unix_time(value)
    if name == "ip":
        return address(value)
    if name in _LISTS and isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


def _mended(fields: Json) -> RequestEvent:
    """The event of fields of the wrong types: numbers in strings are read, what is odd is left out.

    Raises:
        InvalidRecord: There is no usable id, time or account.
    """
    fitting = {name: _fitting(name, fields[name]) for name in REQUEST_FIELDS & fields.keys()}
    present = {name: value for name, value in fitting.items() if value is not None}
    try:
        return msgspec.convert(present, RequestEvent)
    except msgspec.ValidationError as error:
        raise refused_value(error) from None


def _fitting(name: str, value: object) -> object:
    """The value as the field's type, None where it cannot be."""
    if name in _TIMES:
        return value
    if name in _COUNTS:
        return _count(value, _COUNTS[name])
    if name in _LISTS:
        kept = [one for one in value if isinstance(one, str)] if isinstance(value, list) else None
        return kept or None
    return _FITTING.get(name, _text)(value)


def _count(value: object, most: int) -> int | None:
    found = number(value)
    if found is None or not 0 <= found <= most or found != int(found):
        return None
    return int(found)


def _text(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else str(value)
    return value if isinstance(value, str) and value else None


def _float(value: object) -> float | None:
    found = number(value)
    return None if found is None else float(found)


def _flag(value: object) -> bool | None:
    return _FLAGS.get(str(value).lower())


def _status(value: object) -> int | str | None:
    code = _count(value, 2**31 - 1)
    return _text(value) if code is None else code


_FITTING: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(("max_tokens", "temperature", "n", "latency_ms"), _float),
    "refused": _flag,
    "status": _status,
}
