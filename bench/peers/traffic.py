"""A recording as hours of decoded requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import NamedTuple

from bench.peers.base import HOUR
from schemas.codec import decode_requests
from schemas.request import RequestEvent


class Hour(NamedTuple):
    """The requests of an hour that starts at a Unix second."""

    start: float
    events: list[RequestEvent]


def hours_of(blocks: Iterable[list[bytes]]) -> Iterator[Hour]:
    """Hours that hold requests, of lines that are in time order as recorded."""
    events = chain.from_iterable(decode_requests(block).events for block in blocks)
    for hour, group in groupby(events, lambda event: int(float(event.time) // HOUR)):
        yield Hour(hour * HOUR, list(group))
