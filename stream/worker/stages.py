"""The three stages as roles drive them: which partition is made, and what its messages lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from models.accounts.partition import AccountPartition
from models.evidence.tie_score import TieScore
from models.head.allowlist import AllowList
from models.head.partition import Decided, HeadPartition
from models.head.stage import Head, HeadOptions
from models.requests.hashing import table_seed
from models.requests.ingestion import BatchBuilder
from models.ties.partition import TiePartition
from models.wire.checkpoint import Cut
from models.wire.protocol import ToAccounts, ToHead, ToTies
from schemas.codec import encode
from stream.broker.names import TopicNames
from stream.monitoring.metrics import StageMetrics
from stream.settings import Settings
from stream.worker.head_metrics import HeadMetrics
from stream.worker.outbox import Outbox
from stream.worker.roles import Stage

_log = structlog.get_logger()


class Accounts:
    """The account stage."""

    name = "accounts"

    def __init__(self, settings: Settings, outbox: Outbox, metrics: StageMetrics) -> None:
        self._settings = settings
        self._outbox = outbox
        self.metrics = metrics

    def make(self, number: int) -> AccountPartition:
        """A partition without state."""
        settings = self._settings
        return AccountPartition(number, settings.kafka.partitions, settings.epoch, settings.memory)

    async def begin(self, partition: AccountPartition) -> None:
        """Nothing is said at the start."""

    async def receive(self, partition: AccountPartition, message: ToAccounts) -> bool:
        """Take a message; the state may be cut whenever an epoch was closed since."""
        gaps, evicted = partition.gaps, partition.stage.evicted
        await self._outbox.send(partition.receive(message))
        _tell_evicted(self, partition.number, partition.stage.evicted - evicted)
        if partition.gaps > gaps:
            _log.warning("rows_missing_before", partition=partition.number)
            self.metrics.gaps.labels(self.name).inc(partition.gaps - gaps)
        return partition.has_news

    def cut(self, partition: AccountPartition, *, whole: bool) -> Cut:
        """The state."""
        return partition.cut(whole=whole)


class Ties:
    """The tie stage."""

    name = "ties"

    def __init__(
        self, settings: Settings, outbox: Outbox, score: TieScore, metrics: StageMetrics
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._score = score
        self.metrics = metrics

    def make(self, number: int) -> TiePartition:
        """A partition without state."""
        settings = self._settings
        return TiePartition(
            number,
            settings.kafka.partitions,
            settings.epoch,
            settings.memory,
            self._score,
            table_seed(settings.key.secret),
        )

    async def begin(self, partition: TiePartition) -> None:
        """Nothing is said at the start."""

    async def receive(self, partition: TiePartition, message: ToTies) -> bool:
        """Take a message; the state may be cut whenever an epoch was closed since."""
        evicted = partition.stage.evicted
        await self._outbox.send(partition.receive(message))
        _tell_evicted(self, partition.number, partition.stage.evicted - evicted)
        return partition.has_news

    def cut(self, partition: TiePartition, *, whole: bool) -> Cut:
        """The state."""
        return partition.cut(whole=whole)


class Heads:
    """The head, of which there is one partition.

    Args:
        settings: The operator's settings.
        outbox: What sends.
        names: Topics.
        score: The tie score.
        expected: The sources that must speak before anything is closed; filled in at the start.
        metrics: What is counted.
    """

    name = "head"

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        names: TopicNames,
        score: TieScore,
        expected: Sequence[str],
        metrics: StageMetrics,
    ) -> None:
        self._metrics = HeadMetrics(metrics, settings.epoch)
        self._settings = settings
        self._outbox = outbox
        self._names = names
        self._score = score
        self._expected = expected
        builder = BatchBuilder(settings.key.secret)
        self._allowed = AllowList(settings.allow, builder.account_key, builder.owner_key)

    def make(self, number: int) -> HeadPartition:
        """The head without state."""
        settings = self._settings
        options = HeadOptions(
            settings.epoch.seconds,
            settings.epoch.lateness_seconds,
            settings.budget,
            settings.learning,
            account_scores=settings.kafka.account_scores,
        )
        head = Head(options, self._score, self._allowed)
        return HeadPartition(head, settings.kafka.partitions, settings.epoch, self._expected)

    async def begin(self, partition: HeadPartition) -> None:
        """Say what holds for the first epoch, or again what is in hand."""
        await self._give_out(partition.begin())

    async def receive(self, partition: HeadPartition, message: ToHead) -> bool:
        """Take a message; the state may be cut right after an epoch was concluded."""
        gaps = partition.gaps
        decided = partition.receive(message)
        if partition.gaps > gaps:
            _log.warning("verdicts_missing_before")
            self._metrics.metrics.gaps.labels(self.name).inc(partition.gaps - gaps)
        await self._give_out(decided)
        self._metrics.note(partition, decided)
        return decided.concluded

    async def _give_out(self, decided: Decided) -> None:
        for alert_id in decided.unknown_verdicts:
            _log.warning("verdict_unknown", alert_id=alert_id)
        for alert in decided.alerts:
            _log.info("alert", alert_id=alert.alert_id, activity=alert.activity, time=alert.time)
            await self._outbox.publish(
                self._names.alerts, encode(alert), key=alert.alert_id.encode()
            )
        for score in decided.scores:
            topic = self._score_topics[score.entity.kind]
            await self._outbox.publish(topic, encode(score), key=score.entity.id.encode())
        if self._settings.kafka.account_scores:
            for name in decided.erased:
                await self._outbox.publish(self._names.account_scores, None, key=name.encode())
        await self._outbox.send(decided.sent)

    @property
    def _score_topics(self) -> Mapping[str, str]:
        return {"account": self._names.account_scores, "cluster": self._names.cluster_scores}

    def cut(self, partition: HeadPartition, *, whole: bool) -> Cut:
        """The state, always whole."""
        return partition.cut()


def _tell_evicted(stage: Accounts | Ties, partition: int, count: int) -> None:
    if count:
        _log.warning("evicted", stage=stage.name, partition=partition, count=count)
        stage.metrics.evicted.labels(stage.name).inc(count)


__all__ = ["Accounts", "Heads", "Stage", "Ties"]
