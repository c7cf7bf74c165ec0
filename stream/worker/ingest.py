"""Ingest: requests, facts and feedback from their topics, dealt to the stages. Text ends here.

It runs in a process of its own beside the stages: decoding and sketching take most of the time, and
the stages answer each other quickly only when they need not wait for it. Its topic partitions come
from a consumer group of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from models.wire.protocol import ToSources
from stream.batches import Batches, builder_of
from stream.broker.names import TopicNames, groups_of
from stream.broker.security import aiokafka_arguments
from stream.monitoring.metrics import IngestMetrics
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.continuity import require_source, source_lost
from stream.worker.deadletters import DeadLetters
from stream.worker.fetching import BlockConsumer
from stream.worker.head_news import HeadNews
from stream.worker.outbox import Outbox
from stream.worker.owned import Owned, observe_sources, source_name
from stream.worker.readers import Reader, RequestReader
from stream.worker.record_blocks import RecordBlock
from stream.worker.standings import read_standings, write_standing
from stream.worker.told_reader import facts_reader, feedback_reader

_log = structlog.get_logger()

_SAVE_SECONDS = 2.0
_TELL_SECONDS = 5.0
_CHECK_SECONDS = 3.0
_PROMPT_SECONDS = 2.0
_PAUSE_SECONDS = 0.02


class Ingest(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """The sources of one process.

    Args:
        settings: The operator's settings.
    """

    def __init__(self, settings: Settings) -> None:
        options = settings.kafka
        self._settings = settings
        self._names = TopicNames.of(options)
        self._told = (self._names.facts, self._names.feedback)
        self._outbox = Outbox(options, self._names)
        self.metrics = IngestMetrics()
        self._letters = DeadLetters(self._outbox, self._names)
        self._heard: deque[ToSources] = deque()
        self._unheard = asyncio.Event()
        self._news = HeadNews(options, self._names, self._heard.append, self._unheard.set)
        self._builder, self._keys = builder_of(settings), StateKeys(settings)
        self._batches = Batches.of(options.input_format, settings, self._builder)
        self._owned: dict[TopicPartition, Owned] = {}
        self._lock = asyncio.Lock()
        self._assignments = 0
        self._failure: Exception | None = None
        self._consumer = BlockConsumer(
            **aiokafka_arguments(options),
            group_id=groups_of(options)[1],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            rebalance_timeout_ms=30_000,
            max_poll_interval_ms=600_000,
            max_partition_fetch_bytes=4 << 20,
            fetch_max_wait_ms=100,
        )

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            KafkaError: The broker cannot be used any more.
            FailedRun: Half of what comes is bad.
        """
        await self._outbox.start()
        await self._news.start()
        self._consumer.subscribe([*self._names.requests, *self._told], listener=self)
        await self._consumer.start()
        _log.info("ingest_started", topics=list(self._names.requests))
        try:
            while True:
                self._hear()
                assignments = self._assignments
                records = await self._poll()
                async with self._lock:
                    self._check()
                    if assignments == self._assignments:
                        await self._take(records)
                    else:
                        self._go_back(records)
                    await self._look_after()
        finally:
            await self._consumer.stop()
            await self._news.stop()
            await self._outbox.stop()

    @property
    def partitions(self) -> int:
        """How many topic partitions this process reads."""
        return len(self._owned)

    def observe(self) -> None:
        """Bring the metrics up to where the sources stand."""
        observe_sources(self.metrics, self._owned, self._consumer.highwater)

    async def _poll(self) -> dict[TopicPartition, list[RecordBlock]]:
        """Records of the sources that may be read."""
        free = [partition for partition, owned in self._owned.items() if not owned.reader.held]
        if not free:
            await asyncio.sleep(_PAUSE_SECONDS)
            return {}
        return await self._consumer.getblocks(*free, timeout_ms=200)

    def _check(self) -> None:
        """Raise what ended the following of the head, or a rebalance."""
        self._news.check()
        if self._failure is not None:
            raise self._failure

    def _go_back(self, records: Iterable[TopicPartition]) -> None:
        """Leave alone what came while partitions were dealt: it need not follow the standing."""
        for partition in records:
            if owned := self._owned.get(partition):
                self._consumer.seek(partition, owned.reader.next_offset)

    def _hear(self) -> None:
        """Take the head's words between two reads: sources are read in a thread."""
        while self._heard:
            message = self._heard.popleft()
            for owned in self._owned.values():
                owned.reader.hear(message)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Go on where the standings say."""
        async with self._lock:
            await self._guarded(self._take_over(assigned))

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Leave a standing for whoever takes over."""
        async with self._lock:
            await self._guarded(self._leave(revoked))

    async def _guarded(self, dealing: Coroutine[Any, Any, None]) -> None:
        """Keep an error for `run`: aiokafka would only log it, and nobody read the source."""
        try:
            await dealing
        except Exception as error:  # noqa: BLE001 - whatever it is, `run` raises it
            self._failure = error

    async def _take_over(self, assigned: Sequence[TopicPartition]) -> None:
        # What was said to those who had these sources before is not for this process.
        self._hear()
        self._assignments += 1
        standings = await read_standings(self._settings.kafka, self._names)
        for standing in standings.values():
            self._keys.require(standing)
        ends = await self._consumer.end_offsets(list(assigned))
        starts = await self._consumer.beginning_offsets(list(assigned))
        for partition in assigned:
            name = source_name(partition)
            owned = Owned(self._reader(partition, name), ends[partition])
            if name in standings:
                owned.go_on(standings[name])
            following = owned.reader.next_offset if name in standings else None
            read = await self._consumer.committed(partition)
            require_source(name, following, read, ends[partition])
            self._owned[partition] = owned
            offset = max(owned.reader.next_offset, starts[partition])
            self._consumer.seek(partition, offset)
            await self._outbox.send(owned.reader.join())
            # Epochs wait for facts and feedback: where there are none to read, nobody need.
            if partition.topic in self._told and self._may_tell(partition, owned):
                await self._outbox.send(owned.reader.tell(at_end=False))
            _log.info("source_taken", source=name, offset=offset)

    async def _leave(self, revoked: Sequence[TopicPartition]) -> None:
        left = [(partition, self._owned.pop(partition, None)) for partition in revoked]
        await self._save([(partition, one) for partition, one in left if one and one.dirty])

    def _reader(self, partition: TopicPartition, name: str) -> Reader:
        partitions = self._settings.kafka.partitions
        if partition.topic == self._names.facts:
            return facts_reader(name, partitions, self._builder)
        if partition.topic == self._names.feedback:
            return feedback_reader(name)
        ahead = self._settings.kafka.most_ahead_seconds
        return RequestReader(name, partitions, self._settings.epoch, self._batches, ahead)

    async def _take(self, records: Mapping[TopicPartition, Sequence[RecordBlock]]) -> None:
        for partition, blocks in records.items():
            owned = self._owned.get(partition)
            if owned is None:
                continue
            owned.quiet = 0.0
            if owned.reader.resting:
                # It must be admitted anew; what was read is read again then.
                await self._outbox.send(owned.reader.rejoin())
                self._consumer.seek(partition, int(blocks[0].offsets[0]))
                continue
            for block in blocks:
                await self._read(partition, owned, block)

    async def _read(self, partition: TopicPartition, owned: Owned, records: RecordBlock) -> None:
        following = owned.reader.next_offset
        missing = int(records.offsets[0]) - following
        if missing < 0:
            raise source_lost(source_name(partition), f"behind offset {following} again: made anew")
        self.metrics.missing.labels(partition.topic).inc(max(0, missing))
        if missing > 0:
            _log.warning("records_gone", source=source_name(partition), count=missing)
        # In a thread, so that the next records come in meanwhile.
        with self.metrics.batches.time():
            read = await asyncio.to_thread(owned.reader.read, records)
            await self._outbox.send(read.sent)
        for offset, record, error in read.refused:
            await self._letters.refuse(partition, offset, record, error)
        owned.dirty = True
        self.metrics.requests.labels(partition.topic).inc(read.requests)
        self.metrics.dead_letters.labels(partition.topic).inc(len(read.refused))
        self._letters.count(len(records), read.bad)

    async def _look_after(self) -> None:
        """Save standings, tell them, and find out who is idle."""
        now = time.monotonic()
        due: list[tuple[TopicPartition, Owned]] = []
        for partition, owned in self._owned.items():
            if owned.dirty and now - owned.saved >= _SAVE_SECONDS:
                due.append((partition, owned))
            elif not owned.reader.resting and now - owned.checked >= _CHECK_SECONDS:
                await self._check_end(partition, owned, now)
        await self._save(due)
        if self._unheard.is_set():
            self._unheard.clear()
            await self._ask_again()

    async def _ask_again(self) -> None:
        """What could not be read may be what a source waits for: the head then repeats it."""
        for owned in self._owned.values():
            if owned.reader.held:
                await self._outbox.send(owned.reader.join())

    async def _save(self, several: Sequence[tuple[TopicPartition, Owned]]) -> None:
        """Tell where sources stand, write it down, commit: each once what is before it is safe."""
        if not (chosen := [one for one in several if self._may_tell(*one)]):
            return
        for _, owned in chosen:
            await self._outbox.send(owned.reader.tell(at_end=False))
        await self._outbox.drain()
        for partition, owned in chosen:
            state = owned.reader.dump() | self._keys.stated
            await write_standing(self._outbox, self._names, source_name(partition), state)
            owned.dirty = False
            owned.saved = owned.told = time.monotonic()
        await self._outbox.drain()
        await self._commit({partition: owned.reader.next_offset for partition, owned in chosen})

    def _may_tell(self, partition: TopicPartition, owned: Owned) -> bool:
        """Epochs wait for the facts and the feedback that were there at the start."""
        return partition.topic not in self._told or owned.reader.next_offset >= owned.end_at_start

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        try:
            await self._consumer.commit(dict(offsets))
        except KafkaError as error:
            # The standing is what counts; committed offsets show the lag, and that there is one.
            _log.warning("offset_not_committed", sources=len(offsets), reason=str(error))

    async def _check_end(self, partition: TopicPartition, owned: Owned, now: float) -> None:
        """A source at its log's end for long is idle; only time in which the broker answers counts.

        While there is nothing to save, a mark now and then lets the stages save their state.
        """
        passed = now - owned.checked
        owned.checked = now
        ends = await self._consumer.end_offsets([partition])
        prompt = time.monotonic() - now <= _PROMPT_SECONDS
        at_end = ends[partition] <= await self._consumer.position(partition)
        owned.quiet = owned.quiet + passed if prompt and at_end else 0.0
        if not self._may_tell(partition, owned) or owned.reader.held:
            return
        idle = owned.quiet >= self._settings.kafka.idle_seconds
        if idle or now - owned.told >= _TELL_SECONDS:
            owned.told = now
            await self._outbox.drain()
            await self._outbox.send(owned.reader.tell(at_end=idle))
