"""Ingest while its topic partitions are dealt anew, on a consumer that deals them when it likes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from models.wire.protocol import Sent
from schemas.errors import InvalidRecord
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker import ingest
from stream.worker.ingest import Ingest
from stream.worker.readers import RequestReader
from stream.worker.record_blocks import RecordBlock

SOURCE = TopicPartition("gauger.requests", 0)


class StoppedReading(Exception):
    """Nothing more is asked of the consumer."""


class DealingConsumer:
    """Deals its partition anew while records are waited for, and then gives an old record."""

    read: int | None = None

    def __init__(self, **_: Any) -> None:
        self.seeks: list[tuple[TopicPartition, int]] = []
        self.polls = 0

    def subscribe(self, topics: Sequence[str], listener: Ingest) -> None:
        self.listener = listener

    async def start(self) -> None:
        # Like aiokafka, which logs what a listener raises.
        with contextlib.suppress(InvalidRecord):
            await self.listener.on_partitions_assigned([SOURCE])

    async def stop(self) -> None:
        pass

    async def getblocks(self, *_: Any, **__: Any) -> dict[TopicPartition, list[Any]]:
        self.polls += 1
        if self.polls > 1:
            raise StoppedReading
        await self.listener.on_partitions_revoked([SOURCE])
        await self.listener.on_partitions_assigned([SOURCE])
        record = SimpleNamespace(offset=7, value=b"{}", headers=())
        return {SOURCE: [RecordBlock.of([record])]}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.seeks.append((partition, offset))

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 9)

    async def committed(self, _: TopicPartition) -> int | None:
        return self.read

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)


class RecordingOutbox:
    """Keeps what is sent."""

    def __init__(self, *_: Any) -> None:
        self.sent: list[Sent] = []

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, sent: Sent) -> None:
        self.sent.append(sent)


class SilentNews:
    """A head that says nothing."""

    def __init__(self, *_: Any) -> None:
        pass

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def check(self) -> None:
        pass


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Ingest:
    monkeypatch.setattr(ingest, "BlockConsumer", DealingConsumer)
    monkeypatch.setattr(ingest, "Outbox", RecordingOutbox)
    monkeypatch.setattr(ingest, "HeadNews", SilentNews)
    # Whether it was admitted is not what is tested here.
    monkeypatch.setattr(RequestReader, "held", False)
    return Ingest(Settings())


def test_records_that_came_while_partitions_were_dealt_are_read_again(
    made: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_standings(*_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(ingest, "read_standings", no_standings)
    with pytest.raises(StoppedReading):
        asyncio.run(made.run())
    consumer: Any = made._consumer
    outbox: Any = made._outbox
    assert consumer.seeks == [(SOURCE, 0)] * 3
    assert not any(sent.accounts for sent in outbox.sent)


@pytest.mark.parametrize(
    ("stated", "mend"),
    [
        ({"key": "0badcafe"}, "set GAUGER_KEY_FILE"),
        ({"texts": ["0badcafe"]}, r"text_key\.previous_file"),
    ],
)
def test_a_standing_of_another_key_ends_ingest_before_it_says_anything(
    made: Ingest, monkeypatch: pytest.MonkeyPatch, stated: dict[str, Any], mend: str
) -> None:
    async def others(*_: Any) -> dict[str, Any]:
        return {"gauger.requests/1": StateKeys(Settings()).stated | stated}

    monkeypatch.setattr(ingest, "read_standings", others)
    with pytest.raises(InvalidRecord, match=mend):
        asyncio.run(asyncio.wait_for(made.run(), 30))
    outbox: Any = made._outbox
    assert not outbox.sent


def test_a_standing_that_cannot_be_read_ends_ingest(
    made: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def damaged(*_: Any) -> dict[str, Any]:
        raise InvalidRecord("the standing is damaged", "")

    monkeypatch.setattr(ingest, "read_standings", damaged)
    with pytest.raises(InvalidRecord):
        asyncio.run(asyncio.wait_for(made.run(), 30))
