"""Verdicts of people on findings: they wait for the epoch of their time to close."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.codec import decode_feedback


class Verdict(NamedTuple):
    """One verdict on one finding: event time in microseconds, `confirm` or `dismiss`.

    A dismissal may end `until` an event time (0: never), and its `scope` may be `accounts`.
    """

    time: int
    alert_id: str
    verdict: str
    until: int = 0
    scope: str = ""


def verdict_of(line: bytes) -> Verdict:
    """The verdict of a feedback record.

    Raises:
        InvalidRecord: It is none.
    """
    record = decode_feedback(line)
    until = 0 if record.expires is None else round(float(record.expires) * 1e6)
    time = round(float(record.time) * 1e6)
    return Verdict(time, record.alert_id, record.verdict, until, record.scope or "")


class WaitingVerdicts:
    """Verdicts that have not acted yet; one that comes twice is one."""

    def __init__(self) -> None:
        self._waiting: set[Verdict] = set()

    def add(self, verdict: Verdict) -> None:
        """Take a verdict; it acts when the epoch of its time closes."""
        self._waiting.add(verdict)

    def any_before(self, end: int) -> bool:
        """Whether a verdict from before this time (microseconds) waits."""
        return any(verdict.time < end for verdict in self._waiting)

    def due(self, end: int) -> list[Verdict]:
        """The latest verdict on each finding from before this time (microseconds), by finding.

        Of several of one moment the confirmation holds, else what hides the least: wrongly
        dismissed, a campaign goes unseen.
        """
        due = sorted((verdict for verdict in self._waiting if verdict.time < end), key=_precedence)
        self._waiting.difference_update(due)
        latest = {verdict.alert_id: verdict for verdict in due}
        return [latest[alert_id] for alert_id in sorted(latest)]

    def dump(self) -> list[list[Any]]:
        """The state as plain values."""
        return [list(verdict) for verdict in sorted(self._waiting)]

    def load(self, state: Iterable[Iterable[Any]]) -> None:
        """Take what `dump` gave."""
        self._waiting = {Verdict(*values) for values in state}


def _precedence(verdict: Verdict) -> tuple[int, bool, bool, float]:
    """The later a verdict comes in this order, the more it holds."""
    ends = -verdict.until if verdict.until else float("-inf")
    return verdict.time, verdict.verdict == "confirm", verdict.scope != "accounts", ends
