"""Faust's consumer, mended where it would lose records or wait for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.types import TP, Message

_FETCH_MS = 50


class _ConsumerThread(AIOKafkaConsumerThread):
    """The thread that fetches.

    A fetch asks for the partitions that have nothing in memory at the time, and aiokafka sends no
    other until the broker has answered. Faust lets the broker wait 1.5 s for something to send.
    Here what is not in the fetch, the partition just read to its end, is what all others wait for.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust gives no setting for it; the consumer has not started, nothing has read it yet.
        consumer._fetch_max_wait_ms = _FETCH_MS  # noqa: SLF001
        return consumer


class Consumer(FaustConsumer):
    """The consumer.

    When partitions are dealt anew, faust drops what it has fetched and seeks the committed offsets;
    before the first one it would stay where it is, and what it dropped would be lost.

    Faust's `seek` changes the fetched records from the caller's thread. The thread that fetches may
    be reading the very ones that a seek drops, and ends the worker when they are gone: `seek_wait`
    has that thread do it.

    A partition whose messages are taken more slowly than they come is left out of what is asked of
    the thread. Faust waits up to a second for the others, without a look whether the one left out
    may be read again.
    """

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        """Messages of the partitions that may be read, waiting for them only shortly."""
        async for received in super().getmany(min(timeout, _FETCH_MS / 1_000)):
            yield received

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to the committed offsets, to the earliest where there is none."""
        committed: Mapping[TP, int] = await super().seek_to_committed()
        changelogs = self.app.tables.changelog_topics
        fresh = [tp for tp, offset in committed.items() if not offset]
        if uncommitted := [tp for tp in fresh if tp.topic not in changelogs]:
            await self.seek_wait(await self.earliest_offsets(*uncommitted))
        return committed
