"""Verdicts of people on alerts."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.request import Identifier
from schemas.times import EventTime

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
