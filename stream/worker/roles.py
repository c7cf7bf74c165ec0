"""The partitions that this process holds of one stage: events in, messages out, state saved."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import structlog

from models.wire.checkpoint import Cut
from models.wire.codec import Assembler, read_frame
from schemas.errors import InvalidRecord, NewerRelease
from stream.monitoring.metrics import StageMetrics
from stream.state_keys import StateKeys
from stream.worker.checkpoints import Checkpoints, CheckpointTable, Saved
from stream.worker.continuity import lost, misfit, newer
from stream.worker.outbox import Outbox

_log = structlog.get_logger()

_GONE_SECONDS = 900.0
"""A sender whose frames are that far apart in the log's time is dead: it fails much earlier."""


class Partition(Protocol):
    """What a stage keeps of one partition, behind a log."""

    @property
    def count(self) -> int:
        """How many entries it keeps."""

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take what cuts gave."""


class Stage(Protocol):
    """How the partitions of one stage are made, driven and cut."""

    name: str

    def make(self, number: int) -> Partition:
        """A partition without state."""

    async def begin(self, partition: Any) -> None:
        """The partition is about to read its log."""

    async def receive(self, partition: Any, message: Any) -> bool:
        """Take a message, send what follows; whether the state may be cut now."""

    def cut(self, partition: Any, *, whole: bool) -> Cut:
        """The state, see `models.wire.checkpoint`."""


class Size(NamedTuple):
    """How much a partition keeps."""

    entries: int
    checkpoint_bytes: int


class _Held:
    """One partition with its place in the log; it is read from an offset on."""

    def __init__(self, partition: Partition, checkpoints: Checkpoints, offset: int) -> None:
        self.next_offset = offset
        self.doubt = ""
        self.partition = partition
        self.checkpoints = checkpoints
        self.assembler = Assembler()
        self.frames: dict[bytes, list[Any]] = {}
        self.latest = 0.0
        self.events: deque[list[Any]] = deque()
        self.unreadable: list[Any] = []
        self.saved = time.monotonic()
        self.saving: asyncio.Task[None] | None = None

    @property
    def covered(self) -> int:
        """The first offset that is still needed."""
        needed = [several[0].message.offset for several in (*self.events, *self.frames.values())]
        return min(needed, default=self.next_offset)


class Role:
    """The partitions of one stage that are assigned to this process.

    A partition is read from its last checkpoint, and its log from the first message that the
    checkpoint does not cover. Messages are acknowledged only once the checkpoint that covers them
    is with the broker. Nothing that goes wrong here is skipped: the process ends, and whoever takes
    over goes on from the checkpoint.

    Args:
        stage: What the partitions do.
        table: Where their checkpoints are.
        outbox: What sends.
        seconds: Time between two checkpoints of a partition.
        on_failure: Called when a checkpoint cannot be delivered.
        metrics: What is counted.
        keys: The keys that checkpoints are made under.

    Attributes:
        ended: Whether it takes no more events.
    """

    def __init__(
        self,
        stage: Stage,
        table: CheckpointTable,
        outbox: Outbox,
        seconds: float,
        on_failure: Callable[[BaseException | None], None],
        metrics: StageMetrics,
        keys: StateKeys,
    ) -> None:
        self._keys = keys
        self._stage = stage
        self._table = table
        self._outbox = outbox
        self._seconds = seconds
        self._on_failure = on_failure
        self._metrics = metrics
        self.ended = False
        self._held: dict[int, _Held] = {}

    def release(self) -> None:
        """Partitions are being dealt anew: forget all; what comes back is read again."""
        self._held.clear()

    async def run(self, events: AsyncIterable[Any]) -> None:
        """Take events of faust, until cancelled."""
        self.ended = False
        try:
            async for event in events:
                held = self._held.get(event.message.partition)
                if held is None or (held.doubt and not event.app.rebalancing):
                    held = await self._take(event)
                held.next_offset = max(held.next_offset, event.message.offset + 1)
                await self._receive(held, event)
        finally:
            self.ended = True

    @property
    def name(self) -> str:
        """The stage."""
        return self._stage.name

    def sizes(self) -> dict[int, Size]:
        """Of each partition that has been read: entries kept, and bytes of its checkpoints."""
        return {
            number: Size(held.partition.count, held.checkpoints.weight)
            for number, held in self._held.items()
        }

    async def _take(self, event: Any) -> _Held:
        """Go on from the checkpoint; the event is the first that is read."""
        start, message, number = time.monotonic(), event.message, event.message.partition
        checkpoints = Checkpoints(self._table, number, self._keys)
        partition = self._stage.make(number)
        saved = _read(checkpoints, message)
        held = _Held(partition, checkpoints, message.offset)
        end = event.app.consumer.highwater(message.tp)
        _note_doubt(held, event, misfit(message, checkpoints.covered, end))
        if saved is not None:
            partition.restore(saved.closing, saved.pieces)
        self._held[number] = held
        _log.info(
            "partition_taken",
            stage=self._stage.name,
            partition=number,
            restored=saved is not None,
            seconds=round(time.monotonic() - start, 3),
        )
        self._metrics.restored.labels(self.name).observe(time.monotonic() - start)
        await self._stage.begin(partition)
        return held

    async def _receive(self, held: _Held, event: Any) -> None:
        message, events = self._message(held, event)
        if message is None:
            return
        held.events.append(events)
        may_cut = await self._stage.receive(held.partition, message)
        due = time.monotonic() - held.saved >= self._seconds
        if may_cut and due and held.saving is None:
            await self._save(held)

    def _message(self, held: _Held, event: Any) -> tuple[Any | None, list[Any]]:
        """The message that an event completes, with all the events that it came in."""
        data, event.message.value, event.value = event.value, None, None
        events = [event]
        try:
            frame = read_frame(data)
            events = [*held.frames.pop(frame.digest, []), *events]
            held.latest = max(held.latest, event.message.timestamp)
            message = held.assembler.add(frame, event.message.timestamp)
        except NewerRelease as error:
            raise newer(event.message, error.reason) from error
        except InvalidRecord as error:
            _log.error(
                "message_unreadable",
                topic=event.message.topic,
                partition=event.message.partition,
                offset=event.message.offset,
                reason=error.reason,
            )
            # With the frames before it: left open, they would hold up what is committed.
            held.unreadable += events
            return None, []
        if message is None:
            held.frames[frame.digest] = events
        return message, events

    async def _save(self, held: _Held) -> None:
        # What the state says was sent must be with the broker before the state is.
        await self._outbox.drain()
        cut = self._stage.cut(held.partition, whole=held.checkpoints.wants_whole)
        events = [one for _ in range(cut.settled) for one in held.events.popleft()]
        events += [*self._orphans(held), *held.unreadable]
        held.unreadable = []
        deliveries = held.checkpoints.write(cut, held.covered)
        held.saved = time.monotonic()
        held.saving = asyncio.create_task(_acknowledge(deliveries, events))
        held.saving.add_done_callback(lambda task: self._saved(held, task))

    @staticmethod
    def _orphans(held: _Held) -> Sequence[Any]:
        """Events of messages whose sender died half way."""
        gone = held.assembler.give_up(held.latest - _GONE_SECONDS)
        return [one for digest in gone for one in held.frames.pop(digest, [])]

    def _saved(self, held: _Held, task: asyncio.Task[None]) -> None:
        held.saving = None
        self._metrics.checkpoints.labels(self.name).observe(time.monotonic() - held.saved)
        if not task.cancelled() and task.exception() is not None:
            _log.error("checkpoint_not_delivered", stage=self._stage.name)
            self._on_failure(task.exception())


def _note_doubt(held: _Held, event: Any, doubt: str) -> None:
    """Remember why a partition cannot be gone on with.

    While partitions are dealt anew, faust passes some messages over and others on, forgets all of
    it and reads again: what is missing then is not lost. It does so for a moment longer, so that a
    gap between two messages says nothing; one between state and log does.

    Raises:
        FailedRun: Nothing is being dealt.
    """
    held.doubt = held.doubt or doubt
    if doubt and not event.app.rebalancing:
        raise lost(event.message, doubt)


def _read(checkpoints: Checkpoints, first: Any) -> Saved | None:
    """The last checkpoint.

    Raises:
        FailedRun: It cannot be read.
    """
    try:
        return checkpoints.read()
    except NewerRelease as error:
        raise newer(first, error.reason) from error
    except InvalidRecord as error:
        raise lost(first, f"its state cannot be read: {error.reason}") from error
    except KeyError as error:
        raise lost(first, "pieces of its state are missing") from error


async def _acknowledge(deliveries: Sequence[Awaitable[Any]], events: Sequence[Any]) -> None:
    await asyncio.gather(*deliveries)
    for event in events:
        event.ack()
