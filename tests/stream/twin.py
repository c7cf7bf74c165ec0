"""A detector in a few lines: accounts that share a payment with two others, epoch by epoch."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from schemas.alert import AlertEvent
from schemas.codec import decode_requests
from schemas.deadletter import DeadLetter
from schemas.score import ScoreRecord
from stream.replay.counters import Counters
from tests.models.alerts import alert

EPOCH = 300_000_000


class TwinOutcome(NamedTuple):
    alerts: list[AlertEvent]
    scores: list[ScoreRecord]
    dead_letters: list[DeadLetter]
    features: tuple[()] = ()
    values: tuple[()] = ()
    requests: int = 0


class TwinRun:
    """Implements `stream.replay.run.Run` on plain dictionaries."""

    learning_until: int | None = None

    def __init__(self, saved: bytes | None = None) -> None:
        state: dict[str, Any] = (
            json.loads(saved) if saved else {"holders": {}, "named": {}, "events": 0}
        )
        self._holders: dict[str, list[str]] = state["holders"]
        self._named: dict[str, list[str]] = state["named"]
        self.counters = Counters(events=state["events"])
        self._watermarks: dict[int, int | None] = {}
        self._reached: dict[int, int] = {}
        self._epoch: int | None = None
        self.fed: list[tuple[int, int, int]] = []
        self.facts: list[bytes] = []
        self.feedback: list[bytes] = []

    @property
    def watermark(self) -> int | None:
        known = [time for time in self._watermarks.values() if time is not None]
        return min(known) if known and len(known) == len(self._watermarks) else None

    def open_source(self) -> int:
        source = len(self._watermarks)
        self._watermarks[source] = None
        return source

    def watermark_of(self, source: int) -> int | None:
        return self._watermarks[source]

    def feed(self, source: int, first_line: int, lines: list[bytes]) -> TwinOutcome:
        self.fed.append((source, first_line, len(lines)))
        decoded = decode_requests(lines)
        for event in decoded.events:
            assert isinstance(event.time, float | int)
            self._watermarks[source] = round(event.time * 1e6)
            holders = self._holders.setdefault(event.payment or event.account, [])
            if event.account not in holders:
                holders.append(event.account)
        self.counters.events += len(decoded.events)
        self.counters.bad += len(decoded.rejects)
        self.counters.unknown_fields.update(decoded.unknown_fields)
        letters = [
            DeadLetter(lines[row], "", source, first_line + row, error.reason, error.field)
            for row, error in decoded.rejects
        ]
        return TwinOutcome(self._close_epochs(), [], letters)

    def close_source(self, source: int) -> TwinOutcome:
        return TwinOutcome([], [], [])

    def add_feedback(self, lines: list[bytes]) -> list[DeadLetter]:
        self.feedback += lines
        return [
            DeadLetter(line, "", 0, row, "not a JSON object")
            for row, line in enumerate(lines)
            if not line.startswith(b"{")
        ]

    def add_facts(self, lines: list[bytes]) -> list[DeadLetter]:
        self.facts += lines
        return [
            DeadLetter(line, "", 0, row, "not a JSON object")
            for row, line in enumerate(lines)
            if not line.startswith(b"{")
        ]

    def finish(self) -> TwinOutcome:
        return TwinOutcome(self._alerts(self.watermark or 0), [], [])

    def save(self) -> bytes:
        state = {"holders": self._holders, "named": self._named, "events": self.counters.events}
        return json.dumps(state).encode()

    def _close_epochs(self) -> list[AlertEvent]:
        if self.watermark is None or self.watermark // EPOCH == self._epoch:
            return []
        self._epoch = self.watermark // EPOCH
        return self._alerts(self._epoch * EPOCH)

    def _alerts(self, time: int) -> list[AlertEvent]:
        alerts = []
        for payment, holders in self._holders.items():
            before = self._named.get(payment, [])
            fresh = [account for account in holders if account not in before]
            if len(holders) >= 3 and fresh:
                # Grows with every event, which is all that a sequence needs here.
                sequence = len(before)
                alerts.append(
                    alert(payment, fresh, at=time / 1e6, sequence=sequence, total=len(holders))
                )
                self._named[payment] = list(holders)
        return alerts
