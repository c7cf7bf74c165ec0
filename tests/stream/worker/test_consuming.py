"""The settings of faust's consumer that faust itself offers no way to set."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from faust.types import TP

from stream.broker.options import KafkaOptions
from stream.settings import Settings
from stream.worker.application import Application


async def made() -> tuple[Any, Any]:
    """A consumer of aiokafka's own making, and the one that a worker's thread would start."""
    plain = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1", enable_auto_commit=False)
    options = KafkaOptions(bootstrap_servers="127.0.0.1:1")
    app = Application(Settings(kafka=options), lambda _: None).faust
    consumer: Any = app.consumer
    thread = consumer._new_consumer_thread()
    ours = thread._create_worker_consumer(app.transport)
    for one in (plain, ours):
        await one.stop()
    return plain, ours


def test_a_fetch_waits_shortly_for_what_is_not_there() -> None:
    plain, ours = asyncio.run(made())
    # The name must be one that aiokafka itself knows: another would be set to no effect.
    assert vars(plain)["_fetch_max_wait_ms"] == 500
    assert vars(ours)["_fetch_max_wait_ms"] <= 100
    source = Path(AIOKafkaConsumer.start.__code__.co_filename).read_text("utf-8")
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in source


class OfTheThread:
    """The thread that fetches, as far as a seek needs it."""

    def __init__(self, committed: dict[TP, int | None], earliest: dict[TP, int]) -> None:
        self.committed, self.earliest = committed, earliest
        self.sought: dict[TP, int] = {}

    async def seek_to_committed(self) -> dict[TP, int | None]:
        return self.committed

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return {partition: self.earliest[partition] for partition in partitions}

    async def seek_wait(self, partitions: dict[TP, int]) -> None:
        self.sought.update(partitions)

    def seek(self, partition: TP, offset: int) -> None:
        raise AssertionError(f"{partition} sought from another thread, to {offset}")


def test_what_was_never_committed_is_read_from_its_beginning_again() -> None:
    """The records that a rebalance dropped come again, sought by the thread that reads them."""
    never, once = TP("gauger.events", 0), TP("gauger.events", 1)

    async def sought() -> dict[TP, int]:
        options = KafkaOptions(bootstrap_servers="127.0.0.1:1")
        consumer: Any = Application(Settings(kafka=options), lambda _: None).faust.consumer
        thread = OfTheThread({never: None, once: 9}, {never: 3, once: 0})
        consumer._thread = thread
        await consumer.perform_seek()
        return thread.sought

    assert asyncio.run(sought()) == {never: 3}
