"""What a process sends: protocol messages and findings, each delivery waited for in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from models.wire.codec import to_frames
from models.wire.protocol import Sent
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import aiokafka_arguments

_PATIENCE_MS = 180_000
"""How long the broker may be away before a delivery, and with it the process, fails."""

_MOST_BYTES = 6 << 20
"""A refused record may be as long as the longest line that is read, and some."""

Header = tuple[str, bytes]


class Outbox:
    """One producer; deliveries go on in the background until `drain`.

    Args:
        options: The cluster.
        names: Topics.
    """

    def __init__(self, options: KafkaOptions, names: TopicNames) -> None:
        self._names = names
        self._options = options
        self._producer: AIOKafkaProducer | None = None
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    @property
    def producer(self) -> AIOKafkaProducer:
        """The producer, once started.

        Raises:
            RuntimeError: It was not started.
        """
        if self._producer is None:
            raise RuntimeError("the outbox is not open")
        return self._producer

    async def start(self) -> None:
        """Connect."""
        self._producer = AIOKafkaProducer(
            **aiokafka_arguments(self._options),
            enable_idempotence=True,
            request_timeout_ms=_PATIENCE_MS,
            max_batch_size=512_000,
            max_request_size=_MOST_BYTES,
        )
        await self._producer.start()

    async def stop(self) -> None:
        """Deliver what waits, and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, sent: Sent) -> None:
        """Send a step's messages, in order for each partition."""
        names = self._names
        addressed: list[tuple[str, int, object]] = [
            *((names.events, number, message) for number, message in sent.accounts),
            *((names.ties, number, message) for number, message in sent.ties),
            *((names.findings, 0, message) for message in sent.head),
            *((names.control, 0, message) for message in sent.sources),
        ]
        # What goes to every partition is encoded once.
        encoded: dict[int, list[bytes]] = {}
        for topic, partition, message in addressed:
            if id(message) not in encoded:
                encoded[id(message)] = to_frames(message)
            for frame in encoded[id(message)]:
                await self.publish(topic, frame, partition=partition)

    async def publish(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[Header] = (),
    ) -> None:
        """Send one record; a delivery that fails later is raised by `drain`."""
        delivery = await self.producer.send(
            topic, value, key=key, partition=partition, headers=list(headers)
        )
        self._waiting.add(delivery)
        delivery.add_done_callback(self._delivered)

    def _delivered(self, delivery: asyncio.Future[Any]) -> None:
        self._waiting.discard(delivery)
        if delivery.cancelled():
            self._failure = self._failure or asyncio.CancelledError()
        elif delivery.exception() is not None:
            self._failure = self._failure or delivery.exception()

    async def drain(self) -> None:
        """Wait until everything sent so far is with the broker.

        Raises:
            KafkaError: Something could not be delivered.
        """
        waiting = list(self._waiting)
        if waiting:
            await asyncio.wait(waiting)
        if self._failure is not None:
            raise self._failure
