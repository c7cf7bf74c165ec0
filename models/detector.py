"""The whole detector without its surroundings: N account partitions, N tie partitions and the head.

One object that any shell can drive: give it rows, say how far event time has come, take the alerts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.accounts.options import AccountOptions
from models.accounts.pieces import FactValues
from models.accounts.stage import AccountStage
from models.evidence.tie_score import TieScore
from models.head.allowlist import AllowList
from models.head.feedback import VerdictCounts
from models.head.stage import Head, HeadOptions
from models.head.verdicts import Verdict
from models.options import EpochOptions, MemoryOptions
from models.requests.batch import EventBatch
from models.sweeping import day_of, oldest_kept, share_of, single_epochs
from models.ties.stage import TieStage
from models.ties.values import TieValues
from models.wire.messages import AccountScores, RowCounts, TieReport
from schemas.alert import AlertEvent
from schemas.score import ScoreRecord

_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class ClosedEpochs:
    """What came out of closing epochs, in order.

    Tie reports, features of accounts and values of ties only where asked for.
    """

    alerts: list[AlertEvent] = field(default_factory=list)
    scores: list[ScoreRecord] = field(default_factory=list)
    reports: list[tuple[int, TieReport]] = field(default_factory=list)
    features: list[tuple[int, AccountScores]] = field(default_factory=list)
    values: list[tuple[int, TieValues]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How a detector is cut and what it must remember.

    Attributes:
        partitions: Account partitions, and as many tie partitions.
        memory: How many accounts and ties are kept, and how long idle ones.
        keep_reports: Keep the tie reports of every epoch, members listed, for fitting and dumps.
        keep_features: Keep the features of accounts that got a score, epoch by epoch.
        keep_values: Keep what the tests of ties came to, epoch by epoch.
    """

    epoch: EpochOptions
    head: HeadOptions
    partitions: int = 1
    memory: MemoryOptions = field(default_factory=MemoryOptions)
    keep_reports: bool = False
    keep_features: bool = False
    keep_values: bool = False
    seed: int = 0


class Detector:
    """Accounts, ties and head, closed epoch by epoch in event time."""

    def __init__(self, options: DetectorOptions, score: TieScore, allowed: AllowList) -> None:
        self._options = options
        account_options = AccountOptions.of(options.epoch.seconds)
        count = options.partitions
        self._accounts = [AccountStage(account_options, count) for _ in range(count)]
        self._ties = [
            TieStage(score, single_epochs(options.epoch), options.seed) for _ in range(count)
        ]
        self._head = Head(options.head, score, allowed)
        self._control = self._head.control()
        self._tie_options = self._head.tie_options()
        self._swept_day = -1
        self.closed = -1
        self.epochs = 0

    @property
    def partitions(self) -> int:
        """How many partitions accounts are shared out to."""
        return len(self._accounts)

    @property
    def learning_until(self) -> int | None:
        """Event time (microseconds) before which nothing is alerted; None once it is over."""
        return self._head.learning_until

    @property
    def row_counts(self) -> RowCounts:
        """Rows by what became of them, over all partitions."""
        counts = [stage.counts for stage in self._accounts]
        return RowCounts(
            sum(count.added for count in counts),
            sum(count.duplicates for count in counts),
            sum(count.reused_ids for count in counts),
        )

    @property
    def account_count(self) -> int:
        """Accounts in state."""
        return sum(stage.count for stage in self._accounts)

    @property
    def tie_count(self) -> int:
        """Ties in state."""
        return sum(stage.count for stage in self._ties)

    @property
    def verdict_counts(self) -> VerdictCounts:
        """Verdicts that have acted, by what became of them."""
        return self._head.verdict_counts

    @property
    def evicted_accounts(self) -> int:
        """Accounts dropped so far because there were too many."""
        return sum(stage.evicted for stage in self._accounts)

    @property
    def evicted_ties(self) -> int:
        """Ties dropped so far because there were too many."""
        return sum(stage.evicted for stage in self._ties)

    def add(self, batch: EventBatch) -> None:
        """Add rows of any partition, each with its epoch."""
        if len(self._accounts) == 1:
            self._accounts[0].add(batch)
            return
        target = batch.account % np.uint64(len(self._accounts))
        for number, stage in enumerate(self._accounts):
            rows = np.flatnonzero(target == number)
            if len(rows):
                stage.add(batch.take(rows))

    def add_facts(self, account: int, time: int, facts: FactValues) -> None:
        """Add facts of an account (key, microseconds, profile columns)."""
        self._accounts[account % len(self._accounts)].add_facts(account, time, facts)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a finding."""
        self._head.add_verdict(verdict)

    def advance(self, watermark: int | None) -> ClosedEpochs:
        """Close every epoch that the watermark (microseconds) has passed by the allowed lateness.

        None closes all that is open: the end of the traffic.
        """
        findings = ClosedEpochs()
        length = self._options.epoch.seconds * _MICROSECONDS
        lateness = self._options.epoch.lateness_seconds * _MICROSECONDS
        for epoch in sorted({number for stage in self._accounts for number in stage.open_epochs()}):
            if watermark is not None and (epoch + 1) * length + lateness > watermark:
                break
            self._close(epoch, findings)
        return findings

    def _close(self, epoch: int, findings: ClosedEpochs) -> None:
        reports = [stage.close(epoch, self._control) for stage in self._accounts]
        tie_reports = [
            stage.close(
                epoch, [report.tie_batches[number] for report in reports], self._tie_options
            )
            for number, stage in enumerate(self._ties)
        ]
        wanted = np.array(self._head.decide(epoch, reports, tie_reports), np.uint64)
        holders = {}
        if len(wanted):
            for stage in self._accounts:
                holders.update(stage.answer(wanted))
        conclusion = self._head.conclude(epoch, holders, reports)
        self._control, self._tie_options = conclusion.control, conclusion.ties
        self.closed = epoch
        self.epochs += 1
        findings.alerts.extend(conclusion.alerts)
        findings.scores.extend(conclusion.scores)
        if self._options.keep_reports:
            findings.reports.extend((epoch, report) for report in tie_reports)
        if self._options.keep_features:
            findings.features.extend((epoch, report.scores) for report in reports)
        if self._options.keep_values:
            findings.values.append((epoch, self._head.tie_values(tie_reports)))
        self._sweep(epoch)

    def _sweep(self, epoch: int) -> None:
        """Drop what has been idle for long, once a day, and what exceeds the bounds."""
        memory, count = self._options.memory, len(self._accounts)
        day = day_of(epoch, self._options.epoch)
        if day != self._swept_day:
            self._swept_day = day
            oldest = oldest_kept(epoch, self._options.epoch, memory)
            for accounts in self._accounts:
                accounts.forget_before(oldest)
            for ties in self._ties:
                ties.forget_before(oldest)
        for accounts in self._accounts:
            accounts.keep_at_most(share_of(memory.accounts, count))
        for ties in self._ties:
            ties.keep_at_most(share_of(memory.ties, count), epoch)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "partitions": len(self._accounts),
            "accounts": [stage.dump() for stage in self._accounts],
            "ties": [stage.dump() for stage in self._ties],
            "head": self._head.dump(),
            "flagged": list(self._control.flagged),
            "released": list(self._control.released),
            "closed": self.closed,
            "epochs": self.epochs,
            "swept_day": self._swept_day,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave; the number of partitions must be the same."""
        for stage, saved in zip(self._accounts, state["accounts"], strict=True):
            stage.load(saved)
        for ties, saved in zip(self._ties, state["ties"], strict=True):
            ties.load(saved)
        self._head.load(state["head"])
        self._control, self._tie_options = self._head.control(), self._head.tie_options()
        self._control = replace(self._control, flagged=state["flagged"], released=state["released"])
        self.closed, self.epochs = state["closed"], state["epochs"]
        self._swept_day = state["swept_day"]
