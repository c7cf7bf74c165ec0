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

import orjson

from schemas.codec import MAX_LINE, DecodedRequests, Part
from schemas.errors import InvalidRecord
from schemas.reading.fitting import fitted_event, found_fields
from schemas.reading.paths import FieldPaths, FormatPaths
from schemas.reading.usual import Usual
from schemas.reading.values import Json
from schemas.refusal import refused_json
from schemas.request import RequestEvent

MOST_ITEMS = 1 << 14
"""Most requests that one record may hold."""


MOST_PART_BYTES = 2 * MAX_LINE
"""Bytes of the dead letters of one record: each of its requests may repeat what they share."""

_NOTHING = b"null"


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
        usual: The quick way for lines as most are.
    """

    name: str
    items: Callable[[Any], Iterator[Item | InvalidRecord]]
    read: Callable[[Json], Json]
    usual: Usual


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
        self._parts: dict[int, Part] = {}
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
            event = _event(item.value, form, paths)
            if item.part is not None:
                self._parts[len(self.events)] = item.part
            self.events.append(event)
            self.rows.append(row)
        except InvalidRecord as refusal:
            refusal.part = item.part and self._written(item.part)
            self.refuse(row, refusal)

    def take_usual(
        self, row: int, line: bytes, events: list[RequestEvent] | None, form: RecordFormat | None
    ) -> bool:
        """Take the requests that the quick way found in a line, unless it found none."""
        if events is None or len(events) > MOST_ITEMS:
            return False
        if len(events) == 1:
            self.rows.append(row)
        elif form is not None:
            for index in range(len(events)):
                self._parts[len(self.events) + index] = partial(_part, line, index, form)
            self.rows += [row] * len(events)
        self.events += events
        return True

    def _written(self, part: Callable[[], bytes | None]) -> bytes:
        """The item as a record of its own, null once there is no room for it."""
        made = (part() if self._room > 0 else None) or _NOTHING
        self._room -= len(made)
        return made

    def merge(self, row: int, decoded: DecodedRequests) -> None:
        """Take what came of one line elsewhere."""
        self.events += decoded.events
        self.rows += [row] * len(decoded.events)
        self.rejects += [(row, refusal) for _, refusal in decoded.rejects]
        self._unknown.update(decoded.unknown_fields)

    def refuse(self, row: int, refusal: InvalidRecord) -> None:
        """Refuse a line, or one of the requests in it."""
        self.rejects.append((row, refusal))

    def decoded(self) -> DecodedRequests:
        """What came of the lines."""
        unknown = dict(sorted(self._unknown.items()))
        count = len(self.events) if self._parts else 0
        parts = [self._parts.get(index) for index in range(count)]
        return DecodedRequests(self.events, self.rows, self.rejects, unknown, parts)


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
    usual = form.usual.reader(paths.get(form.name))
    for row, line in enumerate(lines):
        if block.take_usual(row, line, usual(line), form):
            continue
        try:
            block.take(row, read_record(line), form)
        except InvalidRecord as refusal:
            block.refuse(row, refusal)
    return block.decoded()


def _part(line: bytes, index: int, form: RecordFormat) -> bytes | None:
    """One of the requests in a usual line as a record of its own."""
    item = next(islice(form.items(parse(line)), index, None))
    return item.part and item.part() if isinstance(item, Item) else None


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
    if paths:
        fields.update(found_fields(item, paths))
    if not fields["account"]:
        hint = f'[formats.{form.name}] account = "…" in the settings names where it stands'
        raise InvalidRecord(f"no account: {hint}", "account")
    return fitted_event(fields)
