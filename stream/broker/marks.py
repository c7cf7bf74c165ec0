"""Marks: records on a request topic that say how far event time has come where no request does.

A mark has an empty value and a header `gauger-watermark`, decimal microseconds since 1970 in UTC:
no request older than this will follow in its partition. The mark at the end of a finished recording
also has a header `gauger-end`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.times import MAX_SECONDS

WATERMARK_HEADER = "gauger-watermark"
END_HEADER = "gauger-end"

_LATEST = MAX_SECONDS * 1_000_000
_DIGITS = len(str(_LATEST))


class Mark(NamedTuple):
    """What a mark says.

    Attributes:
        time: No request older than this follows; microseconds since 1970 in UTC.
        end: The recording has ended.
    """

    time: int
    end: bool = False


def mark_headers(time: int, *, end: bool = False) -> list[tuple[str, bytes]]:
    """Headers of a mark; times outside the years 1970 to 9999 are moved to their nearest end."""
    headers = [(WATERMARK_HEADER, b"%d" % min(max(time, 0), _LATEST))]
    return [*headers, (END_HEADER, b"1")] if end else headers


def read_mark(headers: Iterable[tuple[str, bytes | None]] | None) -> Mark | None:
    """The mark that a record with these headers is; None for any other record.

    A record whose mark cannot be read is none: it goes the way of other records, and is refused
    there for its empty value.
    """
    named = dict(headers or ())
    text = named.get(WATERMARK_HEADER) or b""
    if not text.isdigit() or len(text) > _DIGITS or int(text) > _LATEST:
        return None
    return Mark(int(text), named.get(END_HEADER) == b"1")
