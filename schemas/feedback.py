"""Verdicts of people on alerts."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.errors import InvalidRecord
from schemas.request import Identifier
from schemas.times import EventTime, to_seconds

Verdict = Literal["confirm", "dismiss"]
Scope = Literal["ties", "accounts"]


class FeedbackRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One verdict on one finding.

    Acts at the end of the epoch in which `time` falls. Decoded records carry times as Unix seconds.

    Attributes:
        alert_id: The finding.
        time: When it was said.
        verdict: Whether there is something behind the finding.
        reason: Why; for people.
        by: Who said it; for people.
        scope: Of a dismissal: what counts no more. `ties` of the finding, as without it, or also
            its `accounts`, whatever they share.
        expires: Of a dismissal: when it ends and the finding stands again; None: never.
    """

    alert_id: Identifier
    time: EventTime
    verdict: Verdict
    reason: str | None = None
    by: str | None = None
    scope: Scope | None = None
    expires: EventTime | None = None


def in_seconds(record: FeedbackRecord) -> FeedbackRecord:
    """The record with its times as Unix seconds.

    Raises:
        InvalidRecord: A time is none, it ends before it holds, or what is no dismissal is bounded.
    """
    time, expires = to_seconds(record.time, "time"), record.expires
    if expires is not None:
        expires = to_seconds(expires, "expires")
        if expires <= time:
            raise InvalidRecord("a verdict ends after its time", "expires")
    for field, value in (("scope", record.scope), ("expires", expires)):
        if value is not None and record.verdict != "dismiss":
            raise InvalidRecord("only a dismissal has one", field)
    return msgspec.structs.replace(record, time=time, expires=expires)
