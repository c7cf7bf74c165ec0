"""Bodies into records for a topic: raw ones as they come, or sketched ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.codec import decode_facts, decode_feedback, encode
from schemas.errors import InvalidRecord
from schemas.formats import InputFormat
from stream.edge import Sketcher
from stream.receive.delivery import Record
from stream.receive.refusal import Refusal


class Taken(NamedTuple):
    """What comes of a body.

    Attributes:
        records: What to write.
        dropped: How many of its records cannot be used.
        reason: Why the first of them cannot.
    """

    records: list[Record]
    dropped: int = 0
    reason: str = ""


def raw(bodies: Sequence[bytes]) -> Taken:
    """Records as they came."""
    return Taken([(None, body) for body in bodies])


def sketched(bodies: Sequence[bytes], decode: InputFormat, sketcher: Sketcher) -> Taken:
    """Native events without text; what cannot be decoded may hold text and goes nowhere.

    Args:
        bodies: Records of a format.
        decode: The format.
        sketcher: What sketches.

    Raises:
        Refusal: None of them can be used.
    """
    decoded = decode(list(bodies))
    records: list[Record] = [
        (event.account.encode(), encode(event)) for event in sketcher.events(decoded.events)
    ]
    if not decoded.rejects:
        return Taken(records)
    row, error = decoded.rejects[0]
    reason = f"record {row}: {error}"
    if not records:
        raise Refusal(422, reason)
    return Taken(records, len(decoded.rejects), reason)


def facts(bodies: Sequence[bytes]) -> Taken:
    """Facts, keyed by account.

    Raises:
        Refusal: One of them is none; then none is written.
    """
    return Taken(_keyed(bodies, lambda body: decode_facts(body).account))


def verdicts(bodies: Sequence[bytes]) -> Taken:
    """Verdicts, keyed by alert.

    Raises:
        Refusal: One of them is none; then none is written.
    """
    return Taken(_keyed(bodies, lambda body: decode_feedback(body).alert_id))


def _keyed(bodies: Sequence[bytes], key_of: Callable[[bytes], str]) -> list[Record]:
    records: list[Record] = []
    for row, body in enumerate(bodies):
        try:
            records.append((key_of(body).encode(), body))
        except InvalidRecord as error:
            raise Refusal(422, f"record {row}: {error}") from error
    return records
