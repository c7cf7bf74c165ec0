"""From a parser's error to the reason and the field that a dead letter carries."""

from __future__ import annotations

import re

import msgspec
import orjson

from schemas.errors import InvalidRecord

MAX_FIELD_NAME = 128
"""Longest field name reported, in characters; names in broken records can be anything."""

_AT_PATH = re.compile(r" - at `\$\.?(.*?)`$")
_MISSING = re.compile(r"^Object missing required field `(.*)`$")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)(?P<colon>\s*:)?|[{}\[\],]', re.DOTALL)


def refused_json(line: bytes, error: orjson.JSONDecodeError) -> InvalidRecord:
    """The refusal of bytes that are no JSON, with the field in which the parser stopped.

    The reason holds neither position nor text, so that reasons can be counted.
    """
    try:
        before = line.decode()[: error.pos]
    except UnicodeDecodeError as broken:
        before = line[: broken.start].decode()
        return InvalidRecord("text is not valid UTF-8", _open_member(before))
    if not line.strip():
        return InvalidRecord("line is empty")
    return InvalidRecord(_parser_reason(error.msg), _open_member(before))


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


def _parser_reason(message: str) -> str:
    if "surrogate" in message:
        return "text has a lone surrogate"
    if "depth" in message:
        return "nested too deep"
    if "infinity" in message:
        return "number is out of range"
    return f"malformed JSON: {message}"


def _open_member(before: str) -> str | None:
    """Name of the outermost object's member that is being read where the text stops."""
    depth = 0
    name = None
    for token in _TOKEN.finditer(before):
        mark = token.group()[0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        elif depth == 1:
            name = token.group().rstrip(": \t\r\n")[1:-1] if token["colon"] else name
        if depth == 0 or (depth == 1 and mark == ","):
            name = None
    return name[:MAX_FIELD_NAME] if name else None
