"""What the head tells sources: who is admitted, and which epochs are decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.wire.codec import Assembler, read_frame
from models.wire.protocol import ToSources
from schemas.errors import InvalidRecord, NewerRelease
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import aiokafka_arguments
from stream.worker.continuity import newer

_log = structlog.get_logger()


class HeadNews:
    """Follows the control topic from where it ended at the start.

    Args:
        options: The cluster.
        names: Topics.
        hear: Called with each message.
        missed: Called when one could not be read.
    """

    def __init__(
        self,
        options: KafkaOptions,
        names: TopicNames,
        hear: Callable[[ToSources], None],
        missed: Callable[[], None],
    ) -> None:
        self._partition = TopicPartition(names.control, 0)
        self._consumer = AIOKafkaConsumer(
            **aiokafka_arguments(options), enable_auto_commit=False, fetch_max_wait_ms=100
        )
        self._hear = hear
        self._missed = missed
        self._task: asyncio.Task[None] | None = None
        self._assembler = Assembler()

    async def start(self) -> None:
        """Stand at the topic's end: whatever is said from now on is heard."""
        await self._consumer.start()
        self._consumer.assign([self._partition])
        await self._consumer.seek_to_end(self._partition)
        await self._consumer.position(self._partition)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
        await self._consumer.stop()

    async def _follow(self) -> None:
        async for record in self._consumer:
            try:
                message = self._assembler.add(read_frame(record.value))
            except NewerRelease as error:
                raise newer(record, error.reason) from error
            except InvalidRecord as error:
                _log.error("control_unreadable", offset=record.offset, reason=error.reason)
                self._missed()
                continue
            if isinstance(message, ToSources):
                self._hear(message)

    def check(self) -> None:
        """Raise what ended the following, if anything did.

        Raises:
            FailedRun: A later release is at work.
            KafkaError: The broker cannot be used any more.
        """
        if self._task is not None and self._task.done():
            self._task.result()
