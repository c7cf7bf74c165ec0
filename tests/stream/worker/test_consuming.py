"""The settings of faust's consumer that faust itself offers no way to set."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer

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
