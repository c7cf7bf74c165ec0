"""Fields as formats find them, of any type, as the fields of a request event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from schemas.codec import turn_to_seconds
from schemas.reading.paths import FieldPaths, find_first
from schemas.reading.values import Json, address, number, unix_time
from schemas.refusal import refused_value
from schemas.request import MAX_COUNT, REQUEST_FIELDS, RequestEvent

_TIMES = ("time", "account_created")
_LISTS = ("tools", "signatures_issued", "signatures_presented")
_COUNTS = {
    "asn": 2**32 - 1,
    **dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), MAX_COUNT),
    **dict.fromkeys(("reasoning_tokens", "messages", "images"), MAX_COUNT),
}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def fitted_event(fields: Json) -> RequestEvent:
    """The event of fields of any type; what does not fit, and is not required, is left out.

    Raises:
        InvalidRecord: There is no usable id, time or account.
    """
    try:
        return fitting_event(fields)
    except msgspec.ValidationError:
        event = _mended(fields)
    turn_to_seconds(event)
    return event


def fitting_event(fields: Json) -> RequestEvent:
    """The event of fields of the right types.

    Raises:
        msgspec.ValidationError: One is of another.
        InvalidRecord: A time is none.
    """
    status = fields.get("status")
    if isinstance(status, str):
        fields["status"] = status_of(status)
    event = msgspec.convert(fields, RequestEvent)
    turn_to_seconds(event)
    return event


def found_fields(item: object, paths: FieldPaths) -> Json:
    """What stands at the operator's paths, as far as it takes more than its type to read it."""
    return {name: _found(name, find_first(item, several)) for name, several in paths.items()}


def is_plain_member(name: str, paths: Sequence[str]) -> bool:
    """Whether what stands at the paths of a field is a member of the record, taken as it stands."""
    known = name in _TIMES or name in _LISTS or name == "ip"
    return not known and len(paths) == 1 and "." not in paths[0]


def _found(name: str, value: object) -> object:
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


@lru_cache(1 << 10)
def status_of(text: str) -> int | str | None:
    """The status that a text is: mostly a number."""
    return _status(text)


def _status(value: object) -> int | str | None:
    code = _count(value, 2**31 - 1)
    return _text(value) if code is None else code


_FITTING: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(("max_tokens", "temperature", "n", "latency_ms"), _float),
    "refused": _flag,
    "status": _status,
}
