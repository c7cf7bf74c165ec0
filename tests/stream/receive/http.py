"""A receiver that listens on loopback, with a Kafka of our own behind it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from stream.broker.options import KafkaOptions
from stream.edge import Sketcher
from stream.receive.application import Receiver
from stream.receive.delivery import Record
from stream.receive.options import ReceiveOptions
from stream.receive.process import sketching
from stream.receive.refusal import Refusal
from stream.receive.tally import Tally
from stream.serving.server import Serving, serve
from stream.serving.tokens import Tokens


@dataclass
class Kafka:
    """Keeps what is delivered; waits or fails when a test says so."""

    records: dict[str, list[Record]] = field(default_factory=dict)
    failure: Refusal | None = None
    is_ready: bool = True
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self.open.set()

    async def deliver(self, topic: str, records: Sequence[Record]) -> None:
        self.waiting.release()
        await self.open.wait()
        if self.failure:
            raise self.failure
        self.records.setdefault(topic, []).extend(records)

    async def is_waited_for(self, count: int) -> None:
        """Wait until so many deliveries have come."""
        for _ in range(count):
            await self.waiting.acquire()

    async def ready(self) -> bool:
        return self.is_ready

    @property
    def requests(self) -> list[bytes]:
        return [value for _, value in self.records.get("gauger.requests", [])]


@dataclass
class Door:
    """A receiver and a client of it."""

    kafka: Kafka
    tally: Tally
    serving: Serving
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.serving.url + path, data=body, headers=named) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> int:
        """Status of the answer."""
        async with self.session.get(self.serving.url + path) as answer:
            return answer.status


@asynccontextmanager
async def door(
    topic_format: str = "auto",
    tokens: Tokens | None = None,
    context: ssl.SSLContext | None = None,
    client_context: ssl.SSLContext | None = None,
    sketcher: Sketcher | None = None,
    **chosen: Any,
) -> AsyncIterator[Door]:
    """Listen until the block ends."""
    options = replace(ReceiveOptions(port=0), **chosen)
    kafka, tally = Kafka(), Tally()
    sketch = sketching(sketcher) if sketcher else None
    receiver = Receiver(
        options, KafkaOptions(input_format=topic_format), kafka, tokens, sketch, tally
    )
    serving = await serve(receiver.application(), options, context, 40.0)
    connector = aiohttp.TCPConnector(ssl=client_context or True)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Door(kafka, tally, serving, session)
    finally:
        await serving.stop()
