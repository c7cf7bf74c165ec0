"""Gauger's own request events, one JSON object a line."""

from __future__ import annotations

from schemas.codec import DecodedRequests, decode_requests
from schemas.reading.paths import FormatPaths


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of native lines; they name their fields themselves."""
    return decode_requests(lines)
