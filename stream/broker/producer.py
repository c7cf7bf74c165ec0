"""Records to topics by whole batches: in order, each once, every delivery awaited."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from stream.broker.options import KafkaOptions
from stream.broker.reach import reach_broker
from stream.broker.security import aiokafka_arguments
from stream.errors import FailedRun

Result = TypeVar("Result")
Headers = list[tuple[str, bytes]]

_NO_HEADERS: Headers = []
# As large as brokers take by default (1 MiB): the fewer batches, the quicker.
_BATCH_BYTES = 900 * 1024
_DELIVERY_SECONDS = 60.0
_TOPIC_SECONDS = 5.0
_CLOSING_SECONDS = 2.0


class BatchProducer:
    """A producer that blocks while the broker is slower than its user.

    Its event loop runs only while it blocks: plain code can use it, and Ctrl-C reaches that code.
    A context manager: leaving it in good order waits for all deliveries, leaving it by an exception
    gives up what is not delivered.

    Args:
        options: Where the broker is and how to log in.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: No broker answers, or none lets us in.
    """

    def __init__(self, options: KafkaOptions) -> None:
        self._servers = options.bootstrap_servers
        self._deliveries: deque[asyncio.Future[Any]] = deque()
        self._runner = asyncio.Runner()
        try:
            self._producer = self._run(_started(options))
        except BaseException:
            self._runner.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._leave()

    def close(self) -> None:
        """Wait until all that was shipped is delivered, and leave the broker.

        Raises:
            FailedRun: Something was not.
        """
        try:
            self.flush()
        finally:
            self._leave()

    def topic(self, name: str) -> TopicWriter:
        """A writer to an existing topic.

        Raises:
            FailedRun: There is no such topic, or it may not be written to.
        """
        try:
            partitions = self._run(self._partitions(name))
        except TimeoutError:
            text = f"{self._servers} has no topic {name}; gauger topics creates what is missing"
            raise FailedRun(text) from None
        return TopicWriter(self, name, partitions)

    async def _partitions(self, name: str) -> int:
        return len(await asyncio.wait_for(self._producer.partitions_for(name), _TOPIC_SECONDS))

    def batch(self) -> Any:
        """An empty batch, aiokafka's."""
        return self._producer.create_batch()

    def ship(self, batch: Any, topic: str, partition: int) -> None:
        """Hand a batch over; blocks while the partition's last one is on its way.

        Raises:
            FailedRun: This batch or an earlier one was not delivered.
        """
        sent = self._producer.send_batch(batch, topic, partition=partition)
        self._deliveries.append(self._run(sent))
        while self._deliveries and self._deliveries[0].done():
            self._check(self._deliveries.popleft())

    def idle(self, seconds: float) -> None:
        """Let time pass; deliveries go on."""
        self._run(asyncio.sleep(seconds))

    def flush(self) -> None:
        """Wait until all that was shipped is delivered.

        Raises:
            FailedRun: Something was not.
        """
        if self._deliveries:
            self._run(_settled(self._deliveries))
        while self._deliveries:
            self._check(self._deliveries.popleft())

    def _check(self, delivery: asyncio.Future[Any]) -> None:
        error = delivery.exception() if delivery.done() else KafkaTimeoutError()
        if error is not None:
            raise FailedRun(self._told(error)) from error

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._runner.run(work)
        except KafkaError as error:
            raise FailedRun(self._told(error)) from error

    def _told(self, error: BaseException) -> str:
        if isinstance(error, KafkaTimeoutError):
            return f"{self._servers} does not take what is published: is the broker well?"
        if isinstance(error, MessageSizeTooLargeError):
            return "a record is larger than its topic takes: raise max.message.bytes of the topic"
        return f"{self._servers} refuses what is published: {error}"

    def _leave(self) -> None:
        # What is left of a failed run may wait for a dead broker for ever.
        with suppress(TimeoutError, KafkaError), self._runner:
            self._runner.run(asyncio.wait_for(self._producer.stop(), _CLOSING_SECONDS))


class TopicWriter:
    """Gathers the records of a topic, a batch each partition.

    Attributes:
        name: The topic.
        partitions: How many it has.
    """

    def __init__(self, producer: BatchProducer, name: str, partitions: int) -> None:
        self.name = name
        self.partitions = partitions
        self._producer = producer
        self._batches = [producer.batch() for _ in range(partitions)]

    def append(
        self,
        partition: int,
        milliseconds: int,
        key: bytes | None,
        value: bytes,
        headers: Headers = _NO_HEADERS,
    ) -> None:
        """Add a record; a batch that is full is shipped first.

        Raises:
            FailedRun: A batch was not delivered.
        """
        batch = self._batches[partition]
        if batch.append(timestamp=milliseconds, key=key, value=value, headers=headers) is None:
            self._ship(partition)
            self._batches[partition].append(
                timestamp=milliseconds, key=key, value=value, headers=headers
            )

    def ship(self) -> None:
        """Ship all that was gathered.

        Raises:
            FailedRun: A batch was not delivered.
        """
        for partition, batch in enumerate(self._batches):
            if batch.record_count():
                self._ship(partition)

    def _ship(self, partition: int) -> None:
        # Interrupted while it waits for its turn, a batch is still here to be shipped at the end.
        self._producer.ship(self._batches[partition], self.name, partition)
        self._batches[partition] = self._producer.batch()


async def _started(options: KafkaOptions) -> AIOKafkaProducer:
    # The producer itself keeps to itself why a broker does not let it in.
    await reach_broker(options)
    producer = AIOKafkaProducer(
        **aiokafka_arguments(options), enable_idempotence=True, max_batch_size=_BATCH_BYTES
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def _settled(deliveries: Iterable[asyncio.Future[Any]]) -> None:
    await asyncio.wait(deliveries, timeout=_DELIVERY_SECONDS)
