"""The head: one baseline, one budget, one set of clusters for all partitions.

Decisions are made here only.

An epoch is decided in two steps. `decide` takes the reports of every partition and says which
accounts it must know more about; `conclude` takes the answers and gives alerts, scores and the
control record that the partitions need before they close the next epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.evidence.budget import Budget
from models.evidence.calibration import Calibration
from models.evidence.tie_score import TieScore
from models.head import payers
from models.head.allowlist import AllowList
from models.head.announcer import Announcer
from models.head.cluster import Cluster
from models.head.feedback import Feedback, Heeded, VerdictCounts
from models.head.lessons import Lessons
from models.head.placing import Placing
from models.head.verdicts import Verdict
from models.options import BudgetOptions, LearningOptions
from models.ties.values import TieValues, tie_values
from models.wire.messages import (
    AccountReport,
    Conclusion,
    Control,
    Holder,
    TieOptions,
    TieReport,
)
from schemas.alert import AlertEvent
from schemas.score import ScoreRecord

_LISTED_P = 1e-3
_DELAY_DAYS = 2.0


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """What the head needs to know of the settings; `lateness_seconds` dates the alerts."""

    epoch_seconds: int
    lateness_seconds: int
    budget: BudgetOptions
    learning: LearningOptions
    list_all: bool = False
    account_scores: bool = True

    @property
    def per_hour(self) -> int:
        """Epochs in an hour, at least one."""
        return max(1, 3600 // self.epoch_seconds)

    @property
    def per_day(self) -> float:
        """Epochs in a day."""
        return 86_400 / self.epoch_seconds


class Head:
    """Baseline, calibration, budget, clusters and the life of findings."""

    def __init__(self, options: HeadOptions, score: TieScore, allowed: AllowList) -> None:
        self._options = options
        self._lessons = Lessons()
        self._calibration = Calibration(
            score.reference, round(_DELAY_DAYS * options.per_day), options.per_day
        )
        self._budget = Budget(options.budget, options.per_day)
        announcer = Announcer(options.epoch_seconds, options.lateness_seconds, score)
        self._placing = Placing(
            score, self._calibration, self._budget, allowed, announcer, options.per_day
        )
        self._joining = self._placing.joining
        self._feedback = Feedback(self._joining.clusters, self._budget)
        self._heeded = Heeded()
        self._changed: dict[str, Cluster] = {}
        self._announcer = announcer
        self._first_epoch = -1
        self._last_epoch = -1
        self._control = Control()
        self._due: list[Cluster] = []

    @property
    def learning(self) -> bool:
        """Whether the population is still being learned, so that nothing is alerted."""
        hours = (self._last_epoch - self._first_epoch) / self._options.per_hour
        return self._control.tables is None or hours < self._options.learning.hours

    @property
    def learning_until(self) -> int | None:
        """Event time (microseconds) before which nothing is alerted; None once learning is over."""
        if not self.learning:
            return None
        hours = max(self._options.learning.hours, 1.0)
        return self._announcer.time_of(self._first_epoch + round(hours * self._options.per_hour))

    @property
    def findings(self) -> list[Cluster]:
        """Clusters that alerts were made of, in order of discovery."""
        return [cluster for cluster in self._joining.clusters.all.values() if cluster.sequence >= 0]

    @property
    def budget(self) -> Budget:
        """What findings are held to."""
        return self._budget

    @property
    def verdict_counts(self) -> VerdictCounts:
        """Verdicts that have acted, by what became of them."""
        return self._feedback.counts

    def add_verdict(self, verdict: Verdict) -> None:
        """Note a verdict; it acts when an epoch closes that is not before its time."""
        self._feedback.waiting.add(verdict)

    def tie_options(self) -> TieOptions:
        """What the tie partitions need for the next epoch."""
        return TieOptions(
            epoch_seconds=self._options.epoch_seconds,
            listed_score=self._calibration.score_at(_LISTED_P),
            watched=self._placing.watched,
            list_all=self._options.list_all,
        )

    def control(self) -> Control:
        """What the account partitions need for the next epoch."""
        return self._control

    def decide(
        self, epoch: int, accounts: Sequence[AccountReport], ties: Sequence[TieReport]
    ) -> list[int]:
        """Learn from the reports of an epoch, judge its ties, and ask for accounts.

        Accounts are given by key, ascending.
        """
        passed = epoch - self._last_epoch if self._last_epoch >= 0 else 1
        if self._first_epoch < 0:
            self._first_epoch = epoch
        new_hour = epoch // self._options.per_hour != self._last_epoch // self._options.per_hour
        tests = sum(int(report.ties.tested.sum()) for report in ties)
        self._last_epoch = epoch
        self._budget.pass_epoch(passed, sum(report.requests for report in accounts), tests)
        self._heeded = self._heed(epoch)
        self._lessons.learn(accounts)
        if new_hour:
            self._calibration.mature(epoch, self._joining.clusters.by_tie)
            self._placing.expire(epoch)
            self._control = self._lessons.turn_hour()
        # Ranks in a population of hours are coarse: scores spread half as wide again as later.
        if not self.learning:
            self._note_tests(epoch, ties)
        self._note_bans(accounts)
        self._changed = self._placing.judge(epoch, ties, learning=self.learning)
        return self._ask(epoch, all_named=new_hour)

    def _heed(self, epoch: int) -> Heeded:
        end = self._announcer.end_of(epoch)
        lapsed = self._feedback.lapse(end)
        if not self._feedback.waiting.any_before(end):
            return Heeded(flagged=lapsed)
        findings = {self._announcer.alert_id(cluster): cluster for cluster in self.findings}
        heeded = self._feedback.heed(end, findings)
        heeded.flagged |= lapsed - heeded.released
        return heeded

    def _note_tests(self, epoch: int, reports: Sequence[TieReport]) -> None:
        tested = [
            (report.ties, report.ties.tested & (report.ties.statistics["known"] > 0))
            for report in reports
        ]
        keys = np.concatenate([ties.statistics["tie"][rows] for ties, rows in tested])
        scores = np.concatenate([ties.scores[rows] for ties, rows in tested])
        self._calibration.note(epoch, keys, scores)

    def _note_bans(self, reports: Sequence[AccountReport]) -> None:
        banned = [account for report in reports for account in report.banned]
        reinstated = [account for report in reports for account in report.reinstated]
        if banned or reinstated:
            for cluster in self._joining.clusters.all.values():
                cluster.note_bans(banned, reinstated)

    def _ask(self, epoch: int, *, all_named: bool) -> list[int]:
        """Accounts to ask for.

        Those of the clusters that have something to announce, those that showed the signature of
        another, and once an hour all that were named.
        """
        idle = self._joining.idle_since(self._announcer.idle_before(epoch))
        concerned = [*self._changed.values(), *idle, *self._heeded.judged]
        changed = {cluster.id: cluster for cluster in concerned}.values()
        self._due = [
            cluster
            for cluster in sorted(changed, key=lambda cluster: cluster.id)
            if self._announcer.has_news(cluster, epoch)
        ]
        wanted = set(self._placing.crossing.crossings.unknown)
        wanted |= payers.wanted(self._joining.clusters) if all_named else set()
        for cluster in self._due:
            wanted.update(cluster.named, cluster.fresh)
        return sorted(wanted)

    def conclude(
        self, epoch: int, holders: Mapping[int, Holder], reports: Sequence[AccountReport]
    ) -> Conclusion:
        """Alerts and scores of the epoch, and what the partitions must know for the next."""
        self._placing.crossing.crossings.learn(holders)
        alerts: list[AlertEvent] = []
        scores: list[ScoreRecord] = []
        flagged = set(self._heeded.flagged)
        for cluster in self._due:
            before = set(cluster.named)
            alerts.extend(self._announcer.announce(cluster, epoch, holders))
            flagged.update(set(cluster.named) - before)
            scores.append(self._announcer.cluster_score(cluster, epoch))
        payers.learn(self._joining.clusters, holders)
        for report in reports if self._options.account_scores else ():
            scores.extend(self._announcer.account_scores(report.scores, epoch, self._lessons.ranks))
        scores.sort(key=lambda record: (record.entity.kind, record.entity.id))
        released = self._heeded.released - flagged
        control = replace(self._control, flagged=sorted(flagged), released=sorted(released))
        return Conclusion(alerts, scores, control, self.tie_options(), self._heeded.unknown)

    def tie_values(self, reports: Sequence[TieReport]) -> TieValues:
        """What the tests of the epoch decided last came to."""
        return tie_values(reports, self._calibration, self._joining.clusters.by_tie)

    def forget(self, account: int) -> None:
        """Drop an account from all that was found; what was learned holds no account."""
        self._placing.forget(account)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "epochs": [self._first_epoch, self._last_epoch],
            **self._lessons.dump(),
            "calibration": self._calibration.dump(),
            "budget": self._budget.dump(),
            **self._placing.dump(),
            "feedback": self._feedback.dump(),
            "clear": self._announcer.dump(),
            "tables": self._control.tables,
            "oddity_tail": self._control.oddity_tail,
        }  # fmt: skip

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._first_epoch, self._last_epoch = state["epochs"]
        self._lessons.load(state)
        self._calibration.load(state["calibration"])
        self._budget.load(state["budget"])
        self._placing.load(state)
        self._feedback.load(state["feedback"])
        self._announcer.load(state["clear"])
        self._control = self._lessons.control(state)
