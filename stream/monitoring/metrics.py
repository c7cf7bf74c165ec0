"""Every metric, by the process that tells it: all names stand here.

Labels have few values, all of them of the operator or of this code; nothing of traffic is ever one.
What is counted is counted by batch, by epoch or by checkpoint, never by request.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.signals import SIGNALS
from schemas.alert import Activity, AlertEvent, Severity
from stream.monitoring.exposition import Process, Row

_BRIEF = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_LONG = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 200.0, 300.0, 600.0, 1_800.0, 3_600.0)


class _Metrics:
    """A registry of its own for each process, and what all processes tell.

    Args:
        part: What kind of process it is.

    Attributes:
        registry: What is asked for the metrics.
        catalogue: Name, type, labels and meaning of each.
    """

    def __init__(self, part: str) -> None:
        self.part = part
        self.catalogue: list[tuple[str, str, tuple[str, ...], str]] = []
        self.registry = CollectorRegistry(auto_describe=True)
        self.registry.register(Process(part))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        self.catalogue.append((f"gauger_{name}", "counter", labels, text))
        return Counter(f"gauger_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.catalogue.append((f"gauger_{name}", "gauge", labels, text))
        return Gauge(f"gauger_{name}", text, labels, registry=self.registry)

    def _row(self, name: str, text: str, *labels: str) -> Row:
        return Row(self._gauge(name, text, *labels))

    def _histogram(
        self, name: str, text: str, *labels: str, buckets: Sequence[float] = _BRIEF
    ) -> Histogram:
        self.catalogue.append((f"gauger_{name}", "histogram", labels, text))
        return Histogram(f"gauger_{name}", text, labels, registry=self.registry, buckets=buckets)


class IngestMetrics(_Metrics):
    """Ingest: from the request topics to the stages."""

    def __init__(self) -> None:
        super().__init__("ingest")
        self.requests = self._counter(
            "requests_total", "Requests, facts and verdicts read, refused ones included.", "topic"
        )
        self.dead_letters = self._counter(
            "dead_letters_total", "Records refused and written to the dead letters.", "topic"
        )
        self.batches = self._histogram(
            "ingest_batch_seconds", "Time to decode, sketch and deal out what one read gave."
        )
        self.missing = self._counter(
            "records_missing_total", "Records that were deleted before they were read.", "topic"
        )
        self.lag = self._row(
            "source_lag_records", "Records of a partition not yet read.", "topic", "partition"
        )
        self.watermarks = self._row(
            "source_watermark_timestamp_seconds",
            "Event time that a partition has passed, Unix seconds.",
            "topic",
            "partition",
        )
        self.held = self._gauge(
            "sources_held", "Partitions that wait for epochs to be decided, or to be admitted."
        )
        self.fill = self._row(
            "field_fill_ratio",
            "Share of late requests that carry a field, sampled once a second.",
            "topic",
            "field",
        )


class StageMetrics(_Metrics):
    """The stages: profiles, ties and the head."""

    def __init__(self) -> None:
        super().__init__("stages")
        self.partitions = self._row("stage_partitions", "Partitions held of a stage.", "stage")
        self.recovering = self._gauge(
            "recovering", "1 while partitions are dealt out or their state is read, else 0."
        )
        self.ready = self._gauge("ready", "1 while the worker is at work, as /readyz says, else 0.")
        self.entries = self._row(
            "state_entries",
            "Profiles (accounts), shared values (ties) or findings (head) kept by a partition.",
            "stage",
            "partition",
        )
        self.state = self._row(
            "state_bytes", "Weight of a partition's checkpoints.", "stage", "partition"
        )
        self.evicted = self._counter(
            "evicted_total", "Profiles or ties dropped for want of room.", "stage"
        )
        self.gaps = self._counter(
            "gaps_total", "Messages before which something was missing.", "stage"
        )
        self.restored = self._histogram(
            "restore_seconds", "Time to take over a partition.", "stage", buckets=_LONG
        )
        self.checkpoints = self._histogram(
            "checkpoint_seconds", "Time until a checkpoint was with the broker.", "stage"
        )
        for counter in (self.evicted, self.gaps):
            for stage in ("accounts", "ties", "head"):
                # Told before anything is counted: an increase is seen of what was there before it.
                counter.labels(stage)
        self._make_head()

    def _make_head(self) -> None:
        self.epochs = self._counter("epochs_total", "Epochs decided.")
        self.decided = self._gauge(
            "decided_timestamp_seconds", "End of the last epoch that was decided, Unix seconds."
        )
        self.decision = self._histogram(
            "decision_seconds", "From closing an epoch to having decided it.", buckets=_LONG
        )
        self.latency = self._histogram(
            "alert_latency_seconds",
            "From the end of an epoch to its alerts, by the wall clock, lateness included.",
            buckets=_LONG,
        )
        self.alerts = self._counter("alerts_total", "Alert events written.", "activity", "severity")
        self.findings = self._counter(
            "findings_total", "Findings made, by the strongest signal of their evidence.", "signal"
        )
        # As above: the first finding of a signal is news, and an increase from nothing is not seen.
        for activity, severity in product(get_args(Activity), get_args(Severity)):
            self.alerts.labels(activity, severity)
        for signal in SIGNALS.values():
            self.findings.labels(signal.id)
        self.verdicts = self._row("verdicts", "Verdicts that have acted.", "verdict")
        self.learning = self._gauge(
            "learning", "1 while the ordinary is being learned and nothing is alerted, else 0."
        )
        self.tests = self._gauge("budget_tests_per_day", "Ties tested a day.")
        self.allowed = self._gauge(
            "budget_false_alerts_per_day", "False alerts a day that the budget allows."
        )
        self.overrun = self._gauge(
            "budget_overrun_ratio",
            "False alerts by the verdicts of people, over those that the budget allowed.",
        )

    def count_alerts(self, alerts: Sequence[AlertEvent]) -> None:
        """Alerts were written."""
        for alert in alerts:
            self.alerts.labels(alert.activity, alert.severity).inc()
            if alert.activity == "create":
                self.findings.labels(alert.evidence[0].signal if alert.evidence else "none").inc()


class ReceiveMetrics(_Metrics):
    """`gauger receive`."""

    def __init__(self) -> None:
        super().__init__("receive")
        self.records = self._counter(
            "received_records_total", "Records written to Kafka and acknowledged."
        )
        self.dropped = self._counter(
            "received_dropped_total", "Records that could not be sketched and went nowhere."
        )
        self.refused = self._counter("received_refused_total", "Bodies not taken.", "status")
        self.bodies = self._histogram(
            "receive_seconds", "From the first byte of a body that was taken to its answer."
        )
        self.held = self._gauge("receive_held_bytes", "Bytes of bodies that wait for Kafka.")


class ForwardMetrics(_Metrics):
    """`gauger forward`."""

    def __init__(self) -> None:
        super().__init__("forward")
        self.records = self._counter("forward_records_total", "Alert events read.")
        self.messages = self._counter("forward_messages_total", "Messages that the sink has.")
        self.refused = self._counter("forward_refused_total", "Alert events put aside.")
        self.failures = self._counter(
            "forward_failures_total", "Times that the sink was not available."
        )
        self.unavailable = self._gauge(
            "forward_sink_unavailable", "1 while the sink is not available, else 0."
        )


ALL = (IngestMetrics, StageMetrics, ReceiveMetrics, ForwardMetrics)
"""What tells metrics."""
