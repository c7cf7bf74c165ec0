"""The faust application: three agents on the internal topics, their checkpoints in tables.

Faust shares out partitions, recovers tables and supervises; ingest, which moves a record for every
request, runs beside it. What faust would do by default and must not: serve a web port, declare
topics, elect a leader for them, wait for all messages to be acknowledged before it gives partitions
away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faust
from faust.types import ConsumerT
from mode import Service

from models.evidence.tie_score import shipped
from stream.broker.names import TopicNames
from stream.broker.security import faust_brokers, faust_credentials
from stream.monitoring.metrics import StageMetrics
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.checkpoints import CheckpointTable
from stream.worker.consuming import Consumer
from stream.worker.outbox import Outbox
from stream.worker.recovery import Tables
from stream.worker.roles import Role
from stream.worker.stages import Accounts, Heads, Stage, Ties

_MOST_BUFFERED = 64
_RECOVERED_AT_ONCE = 32


class _App(faust.App):
    """Faust's application with our consumer, and without folders wherever it is started."""

    def _create_directories(self) -> None:
        if self.conf.store.scheme != "memory":
            super()._create_directories()

    def _new_consumer(self) -> ConsumerT:
        return Consumer(
            self.transport,
            callback=self.topics.on_message,
            on_partitions_revoked=self._on_partitions_revoked,
            on_partitions_assigned=self._on_partitions_assigned,
            beacon=self.beacon,
            loop=self.loop,
        )


class Application:
    """The faust application with its roles.

    Args:
        settings: The operator's settings.
        on_failure: Called when the process cannot go on.
    """

    def __init__(
        self, settings: Settings, on_failure: Callable[[BaseException | None], None]
    ) -> None:
        options = settings.kafka
        self.names = TopicNames.of(options)
        self.outbox = Outbox(options, self.names)
        self._settings = settings
        self._on_failure = on_failure
        self._expected: list[str] = []
        self._assigned: frozenset[Any] = frozenset()
        self.metrics = metrics = StageMetrics()
        folder = options.store_folder
        self.faust = _App(
            options.application,
            broker=faust_brokers(options),
            broker_credentials=faust_credentials(options),
            # A path in the URL would be one for all tables: the folder is given by itself.
            store="memory://" if folder is None else "rocksdb://",
            datadir=folder or Path(),
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=options.partitions,
            stream_wait_empty=False,
            stream_buffer_maxsize=_MOST_BUFFERED,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=3.0,
            broker_rebalance_timeout=30.0,
            broker_max_poll_interval=600.0,
            broker_commit_interval=1.0,
            producer_request_timeout=180.0,
            producer_max_batch_size=512_000,
            consumer_max_fetch_size=4 << 20,
            table_standby_replicas=options.standby_replicas,
            TableManager=Tables,
        )
        score = shipped()
        names, partitions = self.names, options.partitions
        accounts = Accounts(settings, self.outbox, metrics)
        self.accounts = self._role(accounts, names.events, partitions)
        ties = Ties(settings, self.outbox, score, metrics)
        self.ties = self._role(ties, names.ties, partitions)
        heads = Heads(settings, self.outbox, names, score, self._expected, metrics)
        self.head = self._role(heads, names.findings, 1)
        self.faust.on_partitions_revoked.connect(self._release, weak=False)
        self.faust.on_partitions_assigned.connect(self._assign, weak=False)

    def _role(self, stage: Stage, topic_name: str, partitions: int) -> Role:
        app = self.faust
        table = CheckpointTable(
            app,
            name=stage.name,
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            recovery_buffer_size=_RECOVERED_AT_ONCE,
        )
        app.tables.add(table)
        seconds = self._settings.kafka.checkpoint_seconds
        keys = StateKeys(self._settings)
        role = Role(stage, table, self.outbox, seconds, self._guarded, self.metrics, keys)
        topic = app.topic(
            topic_name,
            key_serializer="raw",
            value_serializer="raw",
            value_type=bytes,
            partitions=partitions,
        )

        async def agent(stream: Any) -> None:
            try:
                await role.run(stream.noack().events())
            except Exception as error:  # noqa: BLE001 - faust would skip the event and go on
                self._on_failure(error)

        app.agent(topic, name=stage.name, concurrency=1)(agent)
        return role

    def _guarded(self, error: BaseException | None) -> None:
        self._on_failure(error)

    @property
    def roles(self) -> dict[str, Role]:
        """What takes the messages of each internal topic."""
        names = self.names
        return {names.events: self.accounts, names.ties: self.ties, names.findings: self.head}

    async def _release(self, *_: Any, **__: Any) -> None:
        self._assigned = frozenset()
        for role in self.roles.values():
            role.release()

    async def _assign(self, *dealt: Any, **_: Any) -> None:
        await self._release()
        _, assigned = dealt
        self._assigned = frozenset(tp for tp in assigned if tp.topic in self.roles)

    @property
    def partitions(self) -> int:
        """How many partitions of the stages this process holds."""
        return len(self._assigned)

    @property
    def recovering(self) -> bool:
        """Whether partitions are being dealt out, or their state is being read."""
        return bool(self.faust.rebalancing or self.faust.in_recovery)

    def observe(self) -> None:
        """Bring the metrics up to what is held."""
        held = Counter(tp.topic for tp in self._assigned)
        sizes = {
            (role.name, str(number)): size
            for role in self.roles.values()
            for number, size in role.sizes().items()
        }
        metrics = self.metrics
        metrics.partitions.settle({(role.name,): held[topic] for topic, role in self.roles.items()})
        metrics.entries.settle({labels: size.entries for labels, size in sizes.items()})
        metrics.state.settle({labels: size.checkpoint_bytes for labels, size in sizes.items()})
        metrics.recovering.set(self.recovering)

    async def learn_sources(self) -> None:
        """Find out which partitions the sources have: all of them must speak first."""
        for topic in (*self.names.requests, self.names.facts, self.names.feedback):
            known = await self.outbox.producer.partitions_for(topic)
            self._expected += sorted(f"{topic}/{number}" for number in known)


class OutboxService(Service):
    """The outbox, started before the application and stopped after it."""

    def __init__(self, application: Application, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._application = application

    async def on_start(self) -> None:
        """Connect, and learn what sources there are."""
        await self._application.outbox.start()
        await self._application.learn_sources()

    async def on_stop(self) -> None:
        """Deliver what waits."""
        await self._application.outbox.stop()
