"""Bodies into records, without looking into the records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

Part = TypeVar("Part")

MOST_RECORDS = 1_000_000
"""Most records of a body: the smallest take twenty times their bytes in memory."""

_TOO_MANY = f"more than {MOST_RECORDS:,} records"
_BOM = b"\xef\xbb\xbf"
_RESOURCE_SPANS = 1
_WIRE_BYTES = {1: 8, 5: 4}
_LENGTH_DELIMITED = 2


class Unsplittable(ValueError):
    """A body that is not records; the message says why and repeats nothing of it."""


class _Object(msgspec.Struct, gc=False):
    """Any JSON object."""


class _Traces(msgspec.Struct, Generic[Part]):
    """An OTLP export request."""

    parts: list[Part] = msgspec.field(name="resourceSpans", default_factory=list)


_one = msgspec.json.Decoder(msgspec.Raw)
_several = msgspec.json.Decoder(list[msgspec.Raw])
_traces = msgspec.json.Decoder(_Traces[msgspec.Raw])
# Before each takes memory of its own: all are objects, of which there are few.
_objects = msgspec.json.Decoder(list[_Object])
_objects_of_traces = msgspec.json.Decoder(_Traces[_Object])


def json_records(body: bytes) -> list[bytes]:
    """The records of a JSON array of objects, of one JSON value, or of JSON lines.

    Lines are not looked at: a broken one is the worker's to refuse.

    Raises:
        Unsplittable: It begins like an array of objects and is none, or holds too many records.
    """
    text = body.removeprefix(_BOM).strip()
    _require_few(text, b"}")
    _require_few(text, b"\n")
    if text.startswith(b"["):
        try:
            _objects.decode(text)
            return [bytes(record) for record in _several.decode(text)]
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unsplittable("not a JSON array of objects") from error
    try:
        _one.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return [line for line in text.split(b"\n") if line.strip()]
    return [text]


def json_traces(body: bytes, most: int) -> list[bytes]:
    """The records of an OTLP/JSON export: itself, or in parts of `most` bytes where they can be.

    Raises:
        Unsplittable: It is none.
    """
    _require_few(body, b"}")
    try:
        _objects_of_traces.decode(body)
        parts = _traces.decode(body).parts
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unsplittable("not an OTLP export in JSON") from error
    if len(body) <= most:
        return [body] if parts else []
    packed = _packed(map(bytes, parts), most)
    return [b'{"resourceSpans":[%b]}' % b",".join(several) for several in packed]


def protobuf_traces(body: bytes, most: int) -> list[bytes]:
    """The same of an OTLP export in protobuf: a message in parts is a message each.

    Raises:
        Unsplittable: It is none.
    """
    try:
        parts = list(_resource_spans(body))
    except IndexError as error:
        raise Unsplittable("not an OTLP export in protobuf") from error
    if len(body) <= most:
        return [body] if parts else []
    return [b"".join(several) for several in _packed(parts, most)]


def _require_few(body: bytes, mark: bytes) -> None:
    """Refuse a body in which there may be too many records, by what each has one of at least."""
    if body.count(mark) > MOST_RECORDS:
        raise Unsplittable(_TOO_MANY)


def _packed(parts: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """Runs of parts of at most `most` bytes together; a longer part is alone."""
    run: list[bytes] = []
    size = 0
    for part in parts:
        if run and size + len(part) > most:
            yield run
            run, size = [], 0
        run.append(part)
        size += len(part) + 1
    if run:
        yield run


def _resource_spans(body: bytes) -> Iterator[bytes]:
    """The fields that are resource spans, each with its tag; IndexError if it is no message."""
    start = fields = 0
    while start < len(body):
        fields += 1
        if fields > MOST_RECORDS:
            raise Unsplittable(_TOO_MANY)
        tag, place = _varint(body, start)
        kind = tag & 7
        if kind == 0:
            _, end = _varint(body, place)
        elif kind == _LENGTH_DELIMITED:
            length, place = _varint(body, place)
            end = place + length
        elif kind in _WIRE_BYTES:
            end = place + _WIRE_BYTES[kind]
        else:
            raise IndexError
        if end > len(body):
            raise IndexError
        if tag >> 3 == _RESOURCE_SPANS:
            if kind != _LENGTH_DELIMITED:
                raise IndexError
            yield body[start:end]
        start = end


def _varint(body: bytes, place: int) -> tuple[int, int]:
    """A number in the base of 128, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = body[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise IndexError
