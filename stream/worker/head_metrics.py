"""What the head tells of each epoch that it has decided."""

from __future__ import annotations

from dataclasses import asdict

from models.head.partition import Decided, HeadPartition
from models.options import EpochOptions
from models.wire.protocol import Close
from stream.clock import elapsed, now
from stream.monitoring.metrics import StageMetrics


class HeadMetrics:
    """Counts findings, and how long it took to come to them.

    Args:
        metrics: What is counted.
        epoch: How event time is cut.
    """

    def __init__(self, metrics: StageMetrics, epoch: EpochOptions) -> None:
        self.metrics = metrics
        self._seconds = epoch.seconds
        self._closed = elapsed()

    def note(self, partition: HeadPartition, decided: Decided) -> None:
        """The head took a step, and what it gave out was sent."""
        if decided.concluded:
            self._conclude(partition, decided)
        # The step that concludes an epoch may close the next one.
        if any(isinstance(message, Close) for message in decided.sent.sources):
            self._closed = elapsed()

    def _conclude(self, partition: HeadPartition, decided: Decided) -> None:
        metrics, head = self.metrics, partition.head
        end = (partition.concluded + 1) * self._seconds
        metrics.epochs.inc()
        metrics.decided.set(end)
        metrics.decision.observe(elapsed() - self._closed)
        metrics.latency.observe(max(0.0, now() / 1e6 - end))
        metrics.count_alerts(decided.alerts)
        metrics.verdicts.settle({(name,): n for name, n in asdict(head.verdict_counts).items()})
        metrics.learning.set(head.learning)
        metrics.tests.set(head.budget.tests_per_day)
        metrics.allowed.set(head.budget.false_alerts_per_day)
        metrics.overrun.set(head.budget.overrun)
