"""From what an analyst decides to a feedback record, and to where the detector hears of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec

from schemas.codec import encode
from schemas.feedback import FeedbackRecord, Scope
from schemas.times import to_microseconds, to_rfc3339
from stream.findings.lives import Life
from stream.receive.delivery import Delivery
from stream.receive.refusal import Refusal
from stream.recordings.files import LineWriter

_DAY = 86_400_000_000
_MOST_REASON = 2_000


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page sends.

    Attributes:
        verdict: `suppress` is a dismissal with an end.
        reason: Why; all but a confirmation need one.
        scope: Of a suppression.
        days: How long a suppression holds.
        sequence: The latest event of the finding that the page has shown.
    """

    verdict: Literal["confirm", "dismiss", "suppress"]
    sequence: int
    reason: Annotated[str, msgspec.Meta(max_length=_MOST_REASON)] = ""
    scope: Scope | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] | None = None


def decision_of(body: bytes) -> Decision:
    """The decision that a page sent.

    Raises:
        Refusal: It is none, or lacks what its verdict needs.
    """
    try:
        decision = msgspec.json.decode(body, type=Decision)
    except msgspec.MsgspecError as error:
        raise Refusal(422, str(error)) from error
    if decision.verdict != "confirm" and not decision.reason.strip():
        raise Refusal(422, "say why")
    bounded = decision.scope is not None and decision.days is not None
    if decision.verdict == "suppress" and not bounded:
        raise Refusal(422, "a suppression needs a scope and an end")
    if decision.verdict != "suppress" and (decision.scope or decision.days):
        raise Refusal(422, "only a suppression has a scope and an end")
    return decision


def record_of(decision: Decision, life: Life, by: str, time: int) -> FeedbackRecord:
    """The feedback record of a decision that holds from an event time (microseconds) on.

    Raises:
        Refusal: The finding has gone on since the page was shown.
    """
    if decision.sequence < life[-1].sequence:
        raise Refusal(409, "the finding has changed meanwhile: look again")
    days = decision.days
    return FeedbackRecord(
        alert_id=life[-1].alert_id,
        time=to_rfc3339(time),
        verdict="confirm" if decision.verdict == "confirm" else "dismiss",
        reason=decision.reason.strip() or None,
        by=by,
        scope=decision.scope,
        expires=None if days is None else to_rfc3339(time + days * _DAY),
    )


def told_last(life: Life) -> int:
    """Event time of a finding's latest event: in recordings, what a verdict on it goes by."""
    return to_microseconds(life[-1].time, "time")


class Writer(Protocol):
    """Where verdicts go; `time_of` says from which event time (microseconds) on one holds."""

    time_of: Callable[[Life], int]

    async def write(self, record: FeedbackRecord) -> None:
        """Write a verdict; done when it is safe. Raises FailedRun or Refusal."""


class FileWriter:
    """Verdicts in a file, for `gauger replay --feedback`.

    Raises:
        RecordingError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.time_of: Callable[[Life], int] = told_last
        self._lines = LineWriter(str(path), append=True)

    async def write(self, record: FeedbackRecord) -> None:
        """Write a verdict."""
        self._lines.write_records([record])

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


class TopicWriter:
    """Verdicts in the topic that workers hear.

    Args:
        delivery: A started producer.
        topic: The topic.
        now: The clock.
    """

    def __init__(self, delivery: Delivery, topic: str, now: Callable[[], int]) -> None:
        self.time_of: Callable[[Life], int] = lambda _: now()
        self._delivery = delivery
        self._topic = topic

    async def write(self, record: FeedbackRecord) -> None:
        """Write a verdict."""
        await self._delivery.deliver(self._topic, [(record.alert_id.encode(), encode(record))])
