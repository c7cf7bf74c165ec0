"""All that the console knows: findings, verdicts, scores, facts and traffic."""

from __future__ import annotations

from threading import RLock
from typing import TypeVar

import msgspec

from models.requests.batch import EventBatch
from schemas.alert import AlertEvent
from schemas.codec import decode_score
from schemas.facts import FactsRecord
from schemas.feedback import FeedbackRecord
from schemas.score import ScoreRecord
from schemas.times import to_microseconds
from stream.console.traffic import Traffic, tie_key
from stream.findings.lives import Life

_MOST_VERDICTS = 100

Value = TypeVar("Value")


class Book:
    """What is known, growing; threads that write or read it hold its `lock`.

    Args:
        traffic: Where requests are counted.
        epoch_seconds: Length of an epoch, in which scores are dated.
        most_findings: Findings that may be kept; beyond that the oldest are dropped.
        most_accounts: Accounts whose scores, facts and features may be kept.

    Attributes:
        lives: Findings by id, in the order of their first event.
        verdicts: What people said of each finding, in the order in which it came.
        facts: The latest facts of each account.
        ranked: Of each account the latest features: start of the epoch (microseconds), and bins
            and ranks one after the other, a byte each.
        version: Grows with every change.
        reading: What is being read: a share of recordings, `live`, or empty once all is read.
    """

    def __init__(
        self,
        traffic: Traffic,
        epoch_seconds: int = 300,
        most_findings: int = 10_000,
        most_accounts: int = 500_000,
    ) -> None:
        self.lock = RLock()
        self.traffic = traffic
        self.epoch_seconds = epoch_seconds
        self.lives: dict[str, Life] = {}
        self.verdicts: dict[str, list[FeedbackRecord]] = {}
        self.facts: dict[str, FactsRecord] = {}
        self.ranked: dict[str, tuple[int, bytes]] = {}
        self.version = 0
        self.reading = ""
        self._named: dict[str, dict[str, int]] = {}
        self._of_account: dict[str, set[str]] = {}
        self._scores: dict[str, bytes] = {}
        self._most_findings = most_findings
        self._most_accounts = most_accounts

    def add_alert(self, event: AlertEvent) -> bool:
        """Take an alert event; False for one that is known, or older than what is known."""
        with self.lock:
            life = self.lives.setdefault(event.alert_id, [])
            if life and event.sequence <= life[-1].sequence:
                return False
            life.append(event)
            named = self._named.setdefault(event.alert_id, {})
            time = to_microseconds(event.time, "time")
            for account in event.accounts:
                named.setdefault(account, time)
                self._of_account.setdefault(account, set()).add(event.alert_id)
            self.traffic.watch((tie_key(tie.digest) for tie in event.ties), event.accounts)
            if len(self.lives) > self._most_findings:
                self._drop_oldest()
            self.version += 1
            return True

    def _drop_oldest(self) -> None:
        oldest = next(iter(self.lives))
        del self.lives[oldest]
        self.verdicts.pop(oldest, None)
        for account in self._named.pop(oldest):
            self._of_account[account].discard(oldest)

    def add_verdict(self, record: FeedbackRecord) -> None:
        """Take a verdict; what is said twice of a finding counts once."""
        with self.lock:
            said = self.verdicts.setdefault(record.alert_id, [])
            if record not in said:
                said.append(record)
                del said[:-_MOST_VERDICTS]
                self.version += 1

    def add_score(self, line: bytes, record: ScoreRecord) -> None:
        """Take a score record; of an account the latest is kept, as bytes."""
        if record.entity.kind == "account":
            with self.lock:
                _put(self._scores, record.entity.id, line, self._most_accounts)

    def add_facts(self, record: FactsRecord) -> None:
        """Take facts about an account; payments are of no use to people."""
        stated = {
            name: value
            for name in ("plan", "org", "status", "account_created")
            if (value := getattr(record, name)) is not None
        }
        with self.lock:
            known = self.facts.get(record.account, FactsRecord(record.account, record.time))
            latest = msgspec.structs.replace(known, time=record.time, **stated)
            _put(self.facts, record.account, latest, self._most_accounts)

    def add_ranked(self, account: str, start: int, row: bytes) -> None:
        """Take the features of an account in an epoch, the latest last."""
        with self.lock:
            _put(self.ranked, account, (start, row), self._most_accounts)

    def add_batch(self, batch: EventBatch) -> None:
        """Count requests."""
        with self.lock:
            self.traffic.add(batch)
            self.version += 1

    def forget(self, account: str) -> None:
        """Drop what was counted of an account; alerts that name it stay said."""
        with self.lock:
            self.traffic.forget(account)
            self._scores.pop(account, None)
            self.facts.pop(account, None)
            self.ranked.pop(account, None)
            self.version += 1

    def note_reading(self, reading: str) -> None:
        """Say what is being read."""
        with self.lock:
            self.version += reading != self.reading
            self.reading = reading

    def named(self, alert_id: str) -> dict[str, int]:
        """The accounts of a finding, with the event time at which each was named."""
        return self._named[alert_id]

    def findings_of(self, account: str) -> list[Life]:
        """The findings that name an account."""
        return [self.lives[one] for one in sorted(self._of_account.get(account, ()))]

    def score(self, account: str) -> ScoreRecord | None:
        """The latest score of an account, if one is known."""
        line = self._scores.get(account)
        return None if line is None else decode_score(line)

    def verdict(self, alert_id: str) -> FeedbackRecord | None:
        """What was said last of a finding."""
        said = self.verdicts.get(alert_id)
        return said[-1] if said else None

    def accounts_like(self, text: str, most: int) -> list[str]:
        """Accounts whose name holds a text, the shortest first."""
        wanted = text.casefold()
        names = self.traffic.accounts.names or list(self._of_account)
        found = [name for name in names if wanted in name.casefold()]
        return sorted(found, key=lambda name: (len(name), name))[:most]


def _put(known: dict[str, Value], key: str, value: Value, most: int) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
