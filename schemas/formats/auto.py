"""Any of the formats, recognised from each record.

For topics and files that several gateways write. The operator's paths hold as in each format. Where
there is one, name its format: what nobody can mistake is then refused with a better reason.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from schemas.codec import DecodedRequests, decode_requests, turn_to_seconds
from schemas.errors import InvalidRecord
from schemas.formats import azure, bedrock, envoy, kong, litellm, otel
from schemas.reading.events import Block, RecordFormat
from schemas.reading.paths import FormatPaths
from schemas.reading.usual import TAKES_THE_GENERAL_WAY, UsualLine, valid
from schemas.reading.values import Json
from schemas.request import RequestEvent

_NATIVE = {"id", "time", "account"}
_GATEWAYS = (otel, litellm, bedrock, kong, envoy, azure)
_UNKNOWN = (
    "no known format: neither id, time and account, nor the marks of azure, bedrock, envoy, kong,"
    " litellm or otel"
)
_MARK = len(b'{"id":')
_decode_native = msgspec.json.Decoder(RequestEvent).decode


class _Kind(NamedTuple):
    """A format that was recognised, with its quick way; native events have no record format."""

    form: RecordFormat | None
    usual: UsualLine


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records, each in its own format.

    A line is first tried as the lines that began alike were: what is usual for one format is
    recognised as no other.
    """
    block = Block(paths)
    kinds: dict[bytes, _Kind] = {}
    for row, line in enumerate(lines):
        kind = kinds.get(line[:_MARK])
        if kind and block.take_usual(row, line, kind.usual(line), kind.form):
            continue
        try:
            record = otel.read_record(line)
            found = _kind(record, paths)
            if (kind and kind.form is found.form) or not block.take_usual(
                row, line, found.usual(line), found.form
            ):
                _take(block, row, line, record, found.form)
        except InvalidRecord as refusal:
            block.refuse(row, refusal)
        else:
            kinds[line[:_MARK]] = found
    return block.decoded()


def _take(block: Block, row: int, line: bytes, record: object, form: RecordFormat | None) -> None:
    """Take a line the general way."""
    if form is None:
        block.merge(row, decode_requests([line]))
    else:
        block.take(row, record, form)


def _kind(record: object, paths: FormatPaths) -> _Kind:
    """The format of a record; raises `InvalidRecord` for none."""
    first = _first_object(record)
    if first is record and first.keys() >= _NATIVE:
        return _Kind(None, _usual_native)
    for gateway in _GATEWAYS:
        if gateway.recognises(first):
            form = gateway.FORMAT
            return _Kind(form, form.usual.reader(paths.get(form.name)))
    raise InvalidRecord(_UNKNOWN)


def _usual_native(line: bytes) -> list[RequestEvent] | None:
    """The event of a line that is a native one without unknown fields."""
    try:
        event = _decode_native(valid(line))
        turn_to_seconds(event)
    except TAKES_THE_GENERAL_WAY:
        return None
    return [event]


def _first_object(record: Any) -> Json:
    """The object by which a record is recognised: itself, or the first of several."""
    first = record[0] if isinstance(record, list) and record else record
    if not isinstance(first, dict):
        raise InvalidRecord("not a JSON object or array of objects")
    return first
