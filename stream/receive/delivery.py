"""Records to Kafka, each acknowledged by all in-sync copies before anybody is told so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas.codec import MAX_LINE
from stream.broker.options import KafkaOptions
from stream.broker.reach import reach_broker
from stream.broker.security import aiokafka_arguments
from stream.errors import FailedRun
from stream.receive.refusal import Refusal

Record = tuple[bytes | None, bytes]
"""Key, and value."""

_TOPIC_SECONDS = 5.0
_READY_SECONDS = 2.0
_CLOSING_SECONDS = 5.0
_LINGER_MS = 5
_BATCH_BYTES = 900 * 1024
# Of the same partition until then: where little comes, the others may rest.
_STICKY_BYTES = 1 << 20
_RETRY_SECONDS = 5


class Delivery:
    """A producer that answers for each delivery.

    What is not acknowledged in time may still arrive later; who sent it sends it again. That does
    no harm: workers count a request once.

    Args:
        options: Where the broker is and how to log in.
        seconds: How long the broker may take to acknowledge.
    """

    def __init__(self, options: KafkaOptions, seconds: float) -> None:
        self._options = options
        self._seconds = seconds
        self._partitions: dict[str, int] = {}
        self._given = 0
        self._producer: Any = None

    async def start(self, topics: Sequence[str]) -> None:
        """Connect.

        Raises:
            UsageError: The files of the login cannot be used.
            FailedRun: No broker lets us in, or a topic is missing.
        """
        await reach_broker(self._options)
        self._producer = AIOKafkaProducer(
            **aiokafka_arguments(self._options),
            acks="all",
            request_timeout_ms=round(self._seconds * 1_000),
            max_request_size=MAX_LINE + _BATCH_BYTES,
            max_batch_size=_BATCH_BYTES,
            linger_ms=_LINGER_MS,
        )
        try:
            await self._producer.start()
            for topic in topics:
                self._partitions[topic] = await self._count(topic)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Leave the broker; what is not acknowledged by now is given up."""
        with suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(self._producer.stop(), _CLOSING_SECONDS)

    async def ready(self) -> bool:
        """Whether the broker answers now."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                return bool(await self._producer.client.force_metadata_update())
        except (TimeoutError, KafkaError, OSError):
            return False

    async def deliver(self, topic: str, records: Sequence[Record]) -> None:
        """Write records; done when Kafka has all of them.

        Records without a key go to one partition, which changes from time to time.

        Raises:
            Refusal: Kafka does not take them; some may be written all the same.
        """
        self._given += sum(len(value) for _, value in records)
        partition = self._given // _STICKY_BYTES % self._partitions[topic]
        try:
            async with asyncio.timeout(self._seconds):
                sent = [
                    await self._producer.send(
                        topic, value, key=key, partition=None if key else partition
                    )
                    for key, value in records
                ]
                await asyncio.gather(*sent)
        except MessageSizeTooLargeError as error:
            reason = "a record is larger than its topic takes (max.message.bytes)"
            raise Refusal(413, reason) from error
        except (TimeoutError, KafkaError) as error:
            raise Refusal(503, "Kafka does not take what is sent", _RETRY_SECONDS) from error

    async def _count(self, topic: str) -> int:
        try:
            found = await asyncio.wait_for(self._producer.partitions_for(topic), _TOPIC_SECONDS)
        except (TimeoutError, KafkaError) as error:
            servers = self._options.bootstrap_servers
            text = f"{servers} has no topic {topic}; gauger topics creates what is missing"
            raise FailedRun(text) from error
        return len(found)
