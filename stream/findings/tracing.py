"""The exchanges of a finding in recorded traffic, for the audit of where outputs ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from schemas.alert import Example
from schemas.formats import InputFormat
from schemas.request import RequestEvent
from schemas.times import to_microseconds, to_rfc3339
from stream.findings.lives import Life, accounts_of
from stream.recordings.blocks import Recording


class Trace(msgspec.Struct, frozen=True):
    """All requests of a finding's accounts that recordings hold.

    Attributes:
        alert_id: The finding.
        since: The earliest `first_seen` of its events; requests before it are left out.
        requests: The requests, each once, in the order of their time.
        refused: Records that could not be read, so that requests may be missing.
        truncated: Recordings that broke off, each told in one line.
    """

    alert_id: str
    since: str
    requests: list[Example]
    refused: int
    truncated: list[str]


def trace(life: Life, recordings: Sequence[str], decode: InputFormat) -> Trace:
    """Look the exchanges of a finding up.

    Events say which accounts share a finding's ties and not since when each does; so everything
    of them counts from the start of the activity on, what they asked for themselves included.

    Args:
        life: The events of the finding.
        recordings: Names of files; `-` is standard input.
        decode: The format of their lines.

    Raises:
        RecordingError: A recording cannot be opened.
    """
    accounts = accounts_of(life)
    begin = min(to_microseconds(event.first_seen, "first_seen") for event in life)
    refused, truncated = 0, []
    found: set[tuple[int, str, str]] = set()
    for name in recordings:
        with Recording(name) as recording:
            for events, bad in _decoded(recording, decode):
                refused += bad
                found.update(
                    (time, event.account, event.id)
                    for event in events
                    if event.account in accounts
                    and (time := to_microseconds(event.time, "time")) >= begin
                )
            if recording.truncated:
                truncated.append(f"{name}: {recording.truncated}")
    requests = [Example(identity, to_rfc3339(time), who) for time, who, identity in sorted(found)]
    return Trace(life[-1].alert_id, to_rfc3339(begin), requests, refused, truncated)


def _decoded(recording: Recording, decode: InputFormat) -> Iterator[tuple[list[RequestEvent], int]]:
    """The requests of each block, and how many records of it are refused."""
    for block in recording.blocks():
        if block.oversized:
            yield [], 1
        else:
            decoded = decode(block.lines)
            yield decoded.events, len(decoded.rejects)
