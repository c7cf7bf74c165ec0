"""Gauger's own request events, one JSON object a line."""

from __future__ import annotations

from schemas.codec import DecodedRequests, decode_requests


def decode(lines: list[bytes]) -> DecodedRequests:
    """Decode a block of native lines."""
    return decode_requests(lines)
