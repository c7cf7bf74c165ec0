"""The operator's paths on the quick way of `usual`: fields put into events already read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import msgspec
import orjson
from msgspec import Raw, Struct
from msgspec.structs import asdict, astuple, force_setattr

from schemas.codec import turn_to_seconds
from schemas.reading.fitting import found_fields, is_plain_member, status_of
from schemas.reading.paths import FieldPaths, heads
from schemas.reading.values import Json
from schemas.request import RequestEvent

Override = Callable[[bytes, list[Any], list[RequestEvent]], None]
"""Puts what stands at the paths in a line, and its records, into their events."""

_TYPES = {field.name: field.type for field in msgspec.structs.fields(RequestEvent)}
_NOTHING = Raw(b"null")


def overridden(record: type[Struct], paths: FieldPaths, absent: str) -> tuple[type[Any], Override]:
    """A record that holds what stands at the paths too, and what puts it into events.

    A path to a member that the record does not declare becomes one of its members; for others the
    line is parsed again. What is put raises as parsers do where a value is not of the field's type,
    which needs the general way.

    Raises:
        ValueError: There are paths that no struct can have as members.
    """
    declared = set(record.__struct_encode_fields__)
    members = {
        name: several[0]
        for name, several in paths.items()
        if is_plain_member(name, several) and several[0] not in declared
    }
    attributes = {name: f"path_to_{name}" for name in members}
    extended = msgspec.defstruct(
        record.__name__,
        [(attributes[name], _TYPES[name] | None, None) for name in members],
        bases=(record,),
        rename={attributes[name]: member for name, member in members.items()},
        kw_only=True,
        gc=False,
    )
    others = {name: several for name, several in paths.items() if name not in members}
    put_others = _put(others, absent) if others else None

    taken = tuple(attributes.items())

    def override(line: bytes, records: list[Any], events: list[RequestEvent]) -> None:
        for own, event in zip(records, events):  # noqa: B905  # an event for each record
            for name, attribute in taken:
                value = getattr(own, attribute)
                if value in (absent, ""):
                    value = None
                elif name == "status" and isinstance(value, str):
                    value = status_of(value)
                force_setattr(event, name, value)
        if put_others is not None:
            put_others(line, events)

    return extended, override


def _put(paths: FieldPaths, absent: str) -> Callable[[bytes, list[RequestEvent]], None]:
    fitting = msgspec.defstruct(
        "Fitting", [(name, _TYPES[name] | None, None) for name in paths], gc=False
    )
    members_of = _members(paths, absent)

    def put(line: bytes, events: list[RequestEvent]) -> None:
        for item, event in zip(members_of(line), events, strict=True):
            found = found_fields(item, paths)
            status = found.get("status")
            if isinstance(status, str):
                found["status"] = status_of(status)
            for name, value in asdict(msgspec.convert(found, fitting)).items():
                force_setattr(event, name, value)
            if event.time is None:
                raise msgspec.ValidationError("no time")
            turn_to_seconds(event)

    return put


def _members(paths: FieldPaths, absent: str) -> Callable[[bytes], list[Json]]:
    """What parses of a line's records only the members at which the paths may begin."""
    every = chain.from_iterable(paths.values())
    names = list(dict.fromkeys(chain.from_iterable(map(heads, every))))
    attributes = [f"member_{index}" for index in range(len(names))]
    begun = msgspec.defstruct(
        "Begun",
        [(attribute, Raw, _NOTHING) for attribute in attributes],
        rename=dict(zip(attributes, names, strict=True)),
        gc=False,
    )
    decode = msgspec.json.Decoder(begun | list[begun]).decode  # type: ignore[valid-type]

    def members_of(line: bytes) -> list[Json]:
        records = decode(line)
        several = records if isinstance(records, list) else [records]
        parsed = [map(orjson.loads, map(bytes, astuple(one))) for one in several]
        return [
            {name: value for name, value in zip(names, values, strict=True) if value != absent}
            for values in parsed
        ]

    return members_of
