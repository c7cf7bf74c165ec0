"""Feedback at work: what verdicts change in findings, in their ties and in the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.evidence.budget import Budget
from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.verdicts import Verdict, WaitingVerdicts


@dataclass(slots=True)
class Heeded:
    """What the verdicts of an epoch came to.

    Attributes:
        judged: Findings with a new verdict.
        flagged: Accounts that teach the baseline no more.
        released: Accounts that teach it again.
        unknown: Alert ids that no finding has.
    """

    judged: list[Cluster] = field(default_factory=list)
    flagged: set[int] = field(default_factory=set)
    released: set[int] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


@dataclass(slots=True)
class VerdictCounts:
    """Verdicts that have acted, by what became of them."""

    confirmed: int = 0
    dismissed: int = 0
    unknown: int = 0


class Feedback:
    """Verdicts on the findings of these clusters; a dismissal is charged to the budget.

    Args:
        clusters: All clusters.
        budget: The budget of false alerts.
    """

    def __init__(self, clusters: Clusters, budget: Budget) -> None:
        self._clusters = clusters
        self._budget = budget
        self.waiting = WaitingVerdicts()
        self.counts = VerdictCounts()

    def lapse(self, end: int) -> set[int]:
        """Let dismissals end that hold until before this time (microseconds).

        Their findings stand again, without a verdict: whatever shows their ties next is told.

        Returns:
            The accounts of these findings, which teach the baseline no more.
        """
        lapsed = [
            cluster
            for cluster in self._clusters.all.values()
            if cluster.dismissed and 0 < cluster.until < end
        ]
        for cluster in lapsed:
            cluster.verdict, cluster.until, cluster.scope = "", 0, ""
            self._clusters.take_back(cluster)
        return {account for cluster in lapsed for account in cluster.named}

    def heed(self, end: int, findings: Mapping[str, Cluster]) -> Heeded:
        """Let verdicts from before this time (microseconds) act on the findings, by alert id."""
        heeded = Heeded()
        for verdict in self.waiting.due(end):
            cluster = findings.get(verdict.alert_id)
            if cluster is None:
                self.counts.unknown += 1
                heeded.unknown.append(verdict.alert_id)
            elif verdict.time > cluster.judged:
                self._judge(cluster, verdict, heeded)
        if heeded.released:
            heeded.released -= _held_by(findings.values())
        return heeded

    def _judge(self, cluster: Cluster, verdict: Verdict, heeded: Heeded) -> None:
        was_dismissed = cluster.dismissed
        cluster.judged, cluster.verdict = verdict.time, verdict.verdict
        cluster.until, cluster.scope = verdict.until, verdict.scope
        heeded.judged.append(cluster)
        if not cluster.dismissed:
            self.counts.confirmed += 1
            heeded.flagged.update(cluster.named)
            if was_dismissed:
                self._clusters.take_back(cluster)
                self._budget.forgive()
            return
        self.counts.dismissed += 1
        heeded.released.update(cluster.named)
        if not was_dismissed:
            self._clusters.let_go(cluster)
            self._budget.charge()
        if cluster.scope == "accounts":
            for other in self._clusters.all.values():
                other.excuse(cluster.named)

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        counts = self.counts
        return {
            "waiting": self.waiting.dump(),
            "counts": [counts.confirmed, counts.dismissed, counts.unknown],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.waiting.load(state["waiting"])
        self.counts = VerdictCounts(*state["counts"])


def _held_by(findings: Iterable[Cluster]) -> set[int]:
    """Accounts that a finding names which nobody has dismissed."""
    return {account for one in findings if not one.dismissed for account in one.named}
