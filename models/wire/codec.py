"""Messages of the protocol as bytes, and in frames where one record could not hold them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from models.requests.batch_columns import from_columns, to_columns
from models.wire.arrays import decode_values, encode_values
from models.wire.message_columns import with_todays_columns
from models.wire.messages import (
    AccountReport,
    AccountScores,
    Control,
    Holder,
    TestedTies,
    TieBatch,
    TieOptions,
    TieReport,
)
from models.wire.protocol import (
    AccountsClosed,
    Admitted,
    Answer,
    Ask,
    Close,
    Concluded,
    ConcludedTies,
    Facts,
    Forget,
    Progress,
    Rows,
    Standing,
    TieRows,
    TiesClosed,
    Verdicts,
)
from schemas.errors import InvalidRecord, NewerRelease

WIRE_VERSION = 3
"""Frames keep their form in all versions: so an older release knows that a newer one wrote them."""
OLDEST_WIRE_VERSION = 1
_COLUMNS_SINCE = 3
"""The version from which on messages have today's columns."""
_KNOWN = f"this release reads {OLDEST_WIRE_VERSION} to {WIRE_VERSION}"

FRAME_BYTES = 400_000
_DIGEST_SIZE = 8


class _Form(NamedTuple):
    """How a kind of message is written: to plain values and back."""

    write: Callable[[Any], list[Any]]
    read: Callable[[list[Any]], Any]


def _fields(kind: type) -> _Form:
    """A record whose fields are plain values or arrays; those added since have defaults."""
    names = tuple(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    return _Form(
        lambda message: [getattr(message, name) for name in names], lambda values: kind(*values)
    )


_TIE_BATCH, _TESTED, _TIE_REPORT = _fields(TieBatch), _fields(TestedTies), _fields(TieReport)
_REPORT, _SCORES, _HOLDER = _fields(AccountReport), _fields(AccountScores), _fields(Holder)


_SCORES_PLACE = tuple(AccountReport.__dataclass_fields__).index("scores")


def _write_report(report: AccountReport) -> list[Any]:
    values = _REPORT.write(report)
    values[_SCORES_PLACE] = _SCORES.write(report.scores)
    return values


def _read_report(values: list[Any]) -> Any:
    scores = _SCORES.read(values[_SCORES_PLACE])
    return _REPORT.read([*values[:_SCORES_PLACE], scores, *values[_SCORES_PLACE + 1 :]])


def _write_tie_report(report: TieReport) -> list[Any]:
    return [_TESTED.write(report.ties), *_TIE_REPORT.write(report)[1:]]


_FORMS: dict[type, _Form] = {
    Rows: _Form(
        lambda one: [
            one.source, one.previous, one.position,
            None if one.batch is None else to_columns(one.batch),
        ],
        lambda values: Rows(
            values[0], values[1], values[2], None if values[3] is None else from_columns(values[3])
        ),
    ),
    Facts: _fields(Facts),
    Close: _fields(Close),
    Ask: _fields(Ask),
    Forget: _fields(Forget),
    Concluded: _Form(
        lambda one: [one.epoch, one.control.dump(), one.renewed],
        lambda values: Concluded(values[0], Control.load(values[1]), values[2]),
    ),
    TieRows: _Form(
        lambda one: [one.partition, one.epoch, _TIE_BATCH.write(one.batch)],
        lambda values: TieRows(values[0], values[1], _TIE_BATCH.read(values[2])),
    ),
    ConcludedTies: _Form(
        lambda one: [one.epoch, one.options.dump()],
        lambda values: ConcludedTies(values[0], TieOptions.load(values[1])),
    ),
    Standing: _fields(Standing),
    Verdicts: _fields(Verdicts),
    AccountsClosed: _Form(
        lambda one: [one.partition, one.epoch, _write_report(one.report)],
        lambda values: AccountsClosed(values[0], values[1], _read_report(values[2])),
    ),
    TiesClosed: _Form(
        lambda one: [one.partition, one.epoch, _write_tie_report(one.report)],
        lambda values: TiesClosed(
            values[0], values[1],
            _TIE_REPORT.read([_TESTED.read(values[2][0]), *values[2][1:]]),
        ),
    ),
    Answer: _Form(
        lambda one: [
            one.partition, one.epoch,
            {key: _HOLDER.write(holder) for key, holder in one.holders.items()},
        ],
        lambda values: Answer(
            values[0], values[1],
            {key: _HOLDER.read(holder) for key, holder in values[2].items()},
        ),
    ),
    Admitted: _fields(Admitted),
    Progress: _fields(Progress),
}  # fmt: skip
_KINDS = {kind.__name__: kind for kind in _FORMS}


def to_frames(message: Any, most: int = FRAME_BYTES) -> list[bytes]:
    """The message as records of at most about `most` bytes each."""
    body = encode_values([type(message).__name__, _FORMS[type(message)].write(message)])
    digest = _digest(body)
    parts = range(0, len(body), most)
    return [
        encode_values([WIRE_VERSION, digest, place, len(parts), body[start : start + most]])
        for place, start in enumerate(parts)
    ]


def _digest(body: bytes, version: int = WIRE_VERSION) -> bytes:
    # Before version 3 the digest did not know it: nothing then hung on which of them it was.
    person = b"gauger-wire-%d" % version if version >= _COLUMNS_SINCE else b""
    return blake2b(body, digest_size=_DIGEST_SIZE, person=person).digest()


class Frame(NamedTuple):
    """One record of a message: the message's digest, which part of how many, the bytes.

    `version` is that of the wire that the record was written for.
    """

    digest: bytes
    place: int
    parts: int
    part: bytes
    version: int = WIRE_VERSION


def read_frame(data: bytes) -> Frame:
    """The frame that a record holds.

    Raises:
        NewerRelease: A frame of a later release's wire.
        InvalidRecord: Not a frame.
    """
    try:
        version, *values = decode_values(data)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise InvalidRecord(f"not a message of Gauger: {error}", None) from error
    if not isinstance(version, int) or version < OLDEST_WIRE_VERSION:
        raise InvalidRecord(f"message of wire version {version}, {_KNOWN}", None)
    try:
        frame = Frame(*msgspec.convert(values, tuple[bytes, int, int, bytes]), version)
    except msgspec.ValidationError as error:
        raise InvalidRecord(f"not a message of Gauger: {error}", None) from error
    if not 0 <= frame.place < frame.parts:
        raise InvalidRecord(f"part {frame.place} of {frame.parts} of a message", None)
    if version > WIRE_VERSION:
        raise NewerRelease(f"message of wire version {version}, {_KNOWN}")
    return frame


def _message(digest: bytes, body: bytes, version: int) -> Any:
    """The message that these bytes are, if the digest is theirs."""
    if _digest(body, version) != digest:
        raise InvalidRecord("damaged message: its digest does not fit", None)
    try:
        name, values = decode_values(body)
        message = _FORMS[_KINDS[name]].read(values)
        return message if version >= _COLUMNS_SINCE else with_todays_columns(message)
    except (
        msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError, AttributeError
    ) as error:  # fmt: skip
        raise InvalidRecord(f"damaged message: {error!r}", None) from error


class Assembler:
    """Joins frames to messages; the frames of several messages may come mixed, or repeated."""

    def __init__(self) -> None:
        self._parts: dict[bytes, dict[int, Frame]] = {}
        self._times: dict[bytes, float] = {}

    def add(self, frame: Frame, time: float = 0.0) -> Any | None:
        """The message that this frame, sent at a time, completes, if it does.

        Raises:
            InvalidRecord: The frames make no message.
        """
        if frame.parts == 1:
            return _message(frame.digest, frame.part, frame.version)
        known = self._parts.setdefault(frame.digest, {})
        known[frame.place] = frame
        self._times[frame.digest] = time
        if len(known) < frame.parts:
            return None
        del self._parts[frame.digest], self._times[frame.digest]
        if any(one.version != frame.version for one in known.values()):
            raise InvalidRecord("damaged message: its frames are of several versions", None)
        body = b"".join(known[place].part for place in sorted(known))
        return _message(frame.digest, body, frame.version)

    def incomplete(self) -> list[bytes]:
        """Digests of messages that are not complete, the oldest first."""
        return list(self._parts)

    def give_up(self, before: float) -> list[bytes]:
        """Wait no longer for messages whose last frame was sent before a time; their digests.

        A message that is sent anew has the digest that it had: while its frames come, it is waited
        for.
        """
        gone = [digest for digest, time in self._times.items() if time < before]
        for digest in gone:
            del self._parts[digest], self._times[digest]
        return gone
