"""Findings: what an alert event stream has said so far, one entry for each `alert_id`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.alert import AlertEvent
from schemas.times import to_microseconds


@dataclass(slots=True)
class Finding:
    """The events of one alert, read in the order of their sequence.

    Attributes:
        latest: The newest event: title, severity, evidence, totals.
        first_time: Event time of the first event, microseconds.
        accounts: All accounts named so far, each with the event time at which it was first named.
    """

    latest: AlertEvent
    first_time: int
    accounts: dict[str, int] = field(default_factory=dict)

    def add(self, event: AlertEvent) -> None:
        """Take the next event; accounts that were named before keep their time."""
        self.latest = event
        time = to_microseconds(event.time, "time")
        for account in event.accounts:
            self.accounts.setdefault(account, time)


class Findings:
    """Findings by `alert_id`, in the order of their first event.

    Events must come in the order of their sequence within an alert. One that was seen before is
    ignored: delivery is at least once.
    """

    def __init__(self) -> None:
        self._findings: dict[str, Finding] = {}

    def add(self, event: AlertEvent) -> None:
        """Take one event."""
        finding = self._findings.get(event.alert_id)
        if finding is None:
            finding = Finding(latest=event, first_time=to_microseconds(event.time, "time"))
            self._findings[event.alert_id] = finding
        elif event.sequence <= finding.latest.sequence:
            return
        finding.add(event)

    def __len__(self) -> int:
        return len(self._findings)

    def all(self) -> list[Finding]:
        """All findings."""
        return list(self._findings.values())


def in_order(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """Events of a stream that may hold repetitions and be out of order, as they were made."""
    return sorted(
        {event.event_id: event for event in events}.values(),
        key=lambda event: (to_microseconds(event.time, "time"), event.alert_id, event.sequence),
    )
