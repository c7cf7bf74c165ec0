"""Key-value lines of bounded size: what one line cannot hold goes on in the next, nothing is lost.

A list becomes items joined by a separator. Within an item the separator, control characters and
line separators are percent-encoded as UTF-8, so a reader gets back exactly what was written.
An item of more than 400 bytes is cut, and each further piece begins with `%+`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.alert import AlertEvent, Evidence, Example, TieRecord

CONTINUES = "%+"
"""Begins an item that goes on from the one before; no encoded text holds it."""

_MISTAKABLE = r"%(?=[0-9A-Fa-f]{2}|\+)"
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_CHARACTER = re.compile(r"%[0-9A-F]{2}|.")
_LONGEST = 400
_LONGEST_VALUE = 1_023
"""Characters of a value that the strictest dictionary of keys allows (`suser` of CEF)."""

_LEAST_ROOM = 900
"""Bytes that any item fits in, with its key, each of its bytes escaped."""


class _Listed(NamedTuple):
    key: str
    items: list[str]
    separator: str


def encoded(text: str, reserved: str = "") -> str:
    r"""A text in which controls, line separators and reserved characters are percent-encoded.

    A `%` that could be taken for the beginning of such a code is encoded too, any other is left.

    >>> encoded("50%, %2C\n", ",")
    '50%%2C %252C%0A'
    """
    return re.sub(rf"{_MISTAKABLE}|[{_CONTROLS}{reserved}]", _percent, text)


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _lists(event: AlertEvent) -> Iterator[_Listed]:
    """All of an event that has no bound, encoded, the most wanted first."""
    yield _Listed("title", [encoded(event.title)], "")
    yield _Listed("reason", [encoded(event.response.reason)], "")
    yield _Listed("accounts", _items(event.accounts), ",")
    yield _Listed("evidence", [_evidence(piece) for piece in event.evidence], ";")
    yield _Listed("ties", [_tie(tie) for tie in event.ties], ";")
    yield _Listed("examples", [_example(example) for example in event.examples], ";")
    yield _Listed("techniques", _items(event.techniques), ",")
    yield _Listed("references", _items(event.references), ",")


def _items(texts: list[str]) -> list[str]:
    return [encoded(text, ",") for text in texts]


def _evidence(piece: Evidence) -> str:
    measured = f"{piece.value!r} usually {piece.baseline!r} weight {piece.weight!r}"
    return f"{_word(piece.signal)} {measured}: {encoded(piece.text, ';')}"


def _tie(tie: TieRecord) -> str:
    named = f"{_word(tie.kind)} {_word(tie.digest)} {tie.accounts}"
    return named if tie.value is None else f"{named} {encoded(tie.value, ';')}"


def _example(example: Example) -> str:
    return f"{example.time} {_word(example.account)} {_word(example.id)}"


def _word(text: str) -> str:
    """A text that the blanks around it set off from its neighbours."""
    return encoded(text, " ;")


Cost = Callable[[str, str], int]
"""Bytes that a key of `_lists` and its value take in a line."""


def parts(event: AlertEvent, cost: Cost, room: int) -> list[dict[str, str]]:
    """What each line says of the lists of an event, in order; at least one line.

    Args:
        event: Its title, reason, accounts, evidence, ties, examples, techniques and references,
            under these keys.
        cost: What a pair takes.
        room: Bytes that a line has for all pairs; never taken for less than 900.
    """
    found: list[dict[str, str]] = [{}]
    for key, item, separator in _pieces(event):
        last = found[-1]
        value = f"{last[key]}{separator}{item}" if key in last else item
        if last and not _fits({**last, key: value}, cost, max(room, _LEAST_ROOM)):
            found.append({key: item})
        else:
            last[key] = value
    return found


def _fits(pairs: dict[str, str], cost: Cost, room: int) -> bool:
    longest = max(map(len, pairs.values()))
    return longest <= _LONGEST_VALUE and sum(cost(*pair) for pair in pairs.items()) <= room


def _pieces(event: AlertEvent) -> Iterator[tuple[str, str, str]]:
    for listed in _lists(event):
        for item in listed.items:
            yield from ((listed.key, piece, listed.separator) for piece in _cut(item))


def _cut(item: str) -> Iterator[str]:
    """Pieces of an encoded item, no character of it torn."""
    piece, size = "", 0
    for character in _CHARACTER.findall(item):
        size += len(character.encode())
        if size > _LONGEST:
            yield piece
            piece, size = CONTINUES, len(character.encode())
        piece += character
    yield piece
