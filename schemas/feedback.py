"""Verdicts of people on alerts."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.request import Identifier
from schemas.times import EventTime

Verdict = Literal["confirm", "dismiss"]


class FeedbackRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One verdict on one finding.

    Acts at the end of the epoch in which `time` falls. Decoded records carry it as Unix seconds.
    """

    alert_id: Identifier
    time: EventTime
    verdict: Verdict
    reason: str | None = None
    by: str | None = None
