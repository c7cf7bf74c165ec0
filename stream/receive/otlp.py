"""Answers of OTLP/HTTP, in the encoding of the question.

The messages are three: `ExportTraceServiceResponse`, its `partial_success`, and `google.rpc.Status`
(opentelemetry-proto 1.x, OTLP specification, "OTLP/HTTP Response").
"""

from __future__ import annotations

import orjson

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

# google.rpc.Code by HTTP status; anything else is UNKNOWN.
_CODES = {400: 3, 401: 16, 403: 7, 413: 8, 429: 8, 503: 14}
_UNKNOWN = 2


def exported(content_type: str, refused: int = 0, reason: str = "") -> bytes:
    """All was taken, or all but so many spans for a reason."""
    if content_type == JSON:
        partial = {"rejectedSpans": str(refused), "errorMessage": reason}
        return orjson.dumps({"partialSuccess": partial} if refused else {})
    return _field(1, _number(1, refused) + _field(2, reason.encode())) if refused else b""


def failed(content_type: str, status: int, reason: str) -> bytes:
    """Nothing was taken."""
    code = _CODES.get(status, _UNKNOWN)
    if content_type == JSON:
        return orjson.dumps({"code": code, "message": reason})
    return _number(1, code) + _field(2, reason.encode())


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
