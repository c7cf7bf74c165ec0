"""From a parser's error to the reason and the field that a dead letter carries."""

from __future__ import annotations

import re

import msgspec
import orjson

from schemas.errors import InvalidRecord

_REASONS_OF_PARSER = {
    "str is not valid UTF-8: surrogates not allowed": "text is not valid UTF-8",
    "lone leading surrogate in hex escape": "text has a lone surrogate",
    "unexpected low surrogate in hex escape": "text has a lone surrogate",
    "depth limit exceeded": "nested too deep",
    "number is infinity when parsed as double": "number is out of range",
}
_AT_PATH = re.compile(r" - at `\$\.?(.*?)`$")
_MISSING = re.compile(r"^Object missing required field `(.*)`$")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def refused_json(line: bytes, error: orjson.JSONDecodeError) -> InvalidRecord:
    """The refusal of bytes that are no JSON, with the field where one can be told.

    The reason holds neither position nor text, so that reasons can be counted.
    """
    reason = _REASONS_OF_PARSER.get(error.msg, f"malformed JSON: {error.msg}")
    return InvalidRecord(reason, _first_broken_member(line))


def refused_value(error: msgspec.ValidationError) -> InvalidRecord:
    """The refusal of JSON that breaks the record's type."""
    message = str(error)
    at_path = _AT_PATH.search(message)
    path = at_path.group(1) if at_path else ""
    statement = message[: at_path.start()] if at_path else message
    missing = _MISSING.match(statement)
    if missing:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
        return InvalidRecord("required field is missing", path)
    if statement.startswith("Invalid enum value"):
        return InvalidRecord("not one of the allowed values", path or None)
    statement = statement.replace("`", "")
    return InvalidRecord(statement[:1].lower() + statement[1:], path or None)


def _first_broken_member(line: bytes) -> str | None:
    """Name of the first member whose value does not parse; None when the object is broken."""
    try:
        members = _members.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for name, value in members.items():
        try:
            orjson.loads(value)
        except orjson.JSONDecodeError:
            return name
    return None
