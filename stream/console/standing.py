"""How a finding stands: its status, what people said of it, and what got away meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from schemas.feedback import FeedbackRecord
from schemas.times import to_microseconds, to_rfc3339
from stream.console.cells import BUCKET, buckets_of, rows_of
from stream.console.traffic import Traffic
from stream.findings.lives import Life, Status, status_of

MICROSECONDS = 1e6


class Said(msgspec.Struct, frozen=True):
    """A verdict for the page: times as RFC 3339; `effective` once the detector has acted on it."""

    verdict: str
    time: str
    by: str
    reason: str
    scope: str
    expires: str | None
    effective: bool


class Leak(msgspec.Struct, frozen=True):
    """What the accounts of a finding asked for before they were named, and since."""

    requests_before: int
    tokens_before: int
    requests_after: int
    tokens_after: int


class Row(msgspec.Struct, frozen=True):
    """A finding in a list."""

    alert_id: str
    title: str
    severity: str
    status: Status
    verdict: str
    action: str
    first_seen: str
    last_seen: str
    raised: str
    accounts: int
    requests: int
    q_value: float


def row(life: Life, said: FeedbackRecord | None) -> Row:
    """A finding in a list."""
    latest = life[-1]
    return Row(
        alert_id=latest.alert_id,
        title=latest.title,
        severity=_severity(life),
        status=status_of(life),
        verdict=word(said),
        action=latest.response.action,
        first_seen=min(event.first_seen for event in life),
        last_seen=latest.last_seen,
        raised=life[0].time,
        accounts=latest.accounts_total,
        requests=latest.requests,
        q_value=latest.q_value,
    )


def _severity(life: Life) -> str:
    """The severity, or what it was before a dismissal took it away."""
    told = [event.severity for event in life if event.severity != "info"]
    return told[-1] if told else life[-1].severity


def word(said: FeedbackRecord | None) -> str:
    """What a verdict is called: `confirm`, `dismiss`, `suppress`, or nothing."""
    if said is None:
        return ""
    return "suppress" if said.expires is not None or said.scope == "accounts" else said.verdict


def told(record: FeedbackRecord, life: Life) -> Said:
    """A verdict for the page."""
    time = microseconds(record.time)
    return Said(
        verdict=word(record),
        time=to_rfc3339(time),
        by=record.by or "",
        reason=record.reason or "",
        scope=record.scope or "",
        expires=None if record.expires is None else to_rfc3339(microseconds(record.expires)),
        effective=any(_acts(event.time, time, event.severity, record) for event in life),
    )


def _acts(event_time: str, time: int, severity: str, record: FeedbackRecord) -> bool:
    later = to_microseconds(event_time, "time") > time
    return later and (record.verdict == "dismiss") == (severity == "info")


def microseconds(time: float | str) -> int:
    """Microseconds of a time of a decoded record."""
    return to_microseconds(time, "time")


def leak(traffic: Traffic, named: Mapping[str, int], since: int) -> Leak:
    """What these accounts did since a time (microseconds) before each was named, and after.

    Counts are by quarters of an hour: the one in which an account was named counts as before.
    """
    pairs = [(traffic.accounts.row(name), time) for name, time in named.items()]
    known = sorted((row, time // BUCKET) for row, time in pairs if row is not None)
    rows, bounds = np.array(known, np.int64).reshape(-1, 2).T
    cells = traffic.cells.of(rows)
    buckets = buckets_of(cells)
    cells, buckets = cells[buckets >= since // BUCKET], buckets[buckets >= since // BUCKET]
    before = buckets <= bounds[np.searchsorted(rows, rows_of(cells))]
    return Leak(
        requests_before=int(cells["requests"][before].sum()),
        tokens_before=int(cells["tokens"][before].sum()),
        requests_after=int(cells["requests"][~before].sum()),
        tokens_after=int(cells["tokens"][~before].sum()),
    )


def since_of(life: Life) -> int:
    """When the activity of a finding began, microseconds."""
    return min(to_microseconds(event.first_seen, "first_seen") for event in life)
