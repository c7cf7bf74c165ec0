"""Any of the formats, recognised from each record.

For topics and files that several gateways write. The operator's paths hold as in each format. Where
there is one, name its format: what nobody can mistake is then refused with a better reason.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from schemas.codec import DecodedRequests, decode_requests
from schemas.errors import InvalidRecord
from schemas.formats import azure, bedrock, envoy, kong, litellm, otel
from schemas.reading.events import Block
from schemas.reading.paths import FormatPaths
from schemas.reading.values import Json

_NATIVE = {"id", "time", "account"}
_GATEWAYS = (otel, litellm, bedrock, kong, envoy, azure)
_UNKNOWN = (
    "no known format: neither id, time and account, nor the marks of azure, bedrock, envoy, kong,"
    " litellm or otel"
)


def decode(lines: list[bytes], paths: FormatPaths) -> DecodedRequests:
    """Decode a block of records, each in its own format."""
    block = Block(paths)
    for row, line in enumerate(lines):
        try:
            record = otel.read_record(line)
            first = _first_object(record)
            if first is record and first.keys() >= _NATIVE:
                block.merge(row, decode_requests([line]))
            else:
                block.take(row, record, _recognised(first).FORMAT)
        except InvalidRecord as refusal:
            block.refuse(row, refusal)
    return block.decoded()


def _first_object(record: Any) -> Json:
    """The object by which a record is recognised: itself, or the first of several."""
    first = record[0] if isinstance(record, list) and record else record
    if not isinstance(first, dict):
        raise InvalidRecord("not a JSON object or array of objects")
    return first


def _recognised(record: Json) -> ModuleType:
    for gateway in _GATEWAYS:
        if gateway.recognises(record):
            return gateway
    raise InvalidRecord(_UNKNOWN)
