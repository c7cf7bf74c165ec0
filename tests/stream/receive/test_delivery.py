"""Delivery to a broker that is slow, fails or is gone when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer

from schemas.codec import MAX_LINE
from stream.broker.options import KafkaOptions
from stream.errors import FailedRun
from stream.receive.delivery import Delivery
from stream.receive.refusal import Refusal
from tests.broker.mock import Fault, MockCluster, Request

TOPIC = "requests"


@asynccontextmanager
async def delivering(cluster: MockCluster, seconds: float = 10.0) -> AsyncIterator[Delivery]:
    delivery = Delivery(KafkaOptions(bootstrap_servers=cluster.bootstrap_servers), seconds)
    await delivery.start([TOPIC])
    try:
        yield delivery
    finally:
        await delivery.stop()


async def written(cluster: MockCluster, count: int) -> dict[int, list[tuple[bytes, bytes]]]:
    """Key and value of so many records, by partition."""
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        async with asyncio.timeout(30):
            for _ in range(count):
                record = await consumer.getone()
                found.setdefault(record.partition, []).append((record.key, record.value))
        return found
    finally:
        await consumer.stop()


def test_all_records_of_a_body_are_written_and_stay_together_without_keys() -> None:
    async def scenario() -> None:
        with MockCluster({TOPIC: 3}) as cluster:
            async with delivering(cluster) as delivery:
                assert await delivery.ready()
                await delivery.deliver(TOPIC, [(None, b"%d" % row) for row in range(20)])
                await delivery.deliver(TOPIC, [(b"a", b"keyed"), (b"a", b"again")])
                await delivery.deliver(TOPIC, [])
            found = await written(cluster, 22)
        values = [[value for _, value in records] for records in found.values()]
        plain = [[value for value in several if value.isdigit()] for several in values]
        assert [several for several in plain if several] == [[b"%d" % row for row in range(20)]]
        assert sum(b"keyed" in records and b"again" in records for records in values) == 1

    asyncio.run(scenario())


def test_faults_that_pass_are_waited_for() -> None:
    async def scenario() -> None:
        with MockCluster({TOPIC: 1}) as cluster:
            async with delivering(cluster) as delivery:
                cluster.fail(Request.PRODUCE, [Fault.NOT_ENOUGH_REPLICAS, Fault.NOT_LEADER])
                await delivery.deliver(TOPIC, [(None, b"late")])
            assert [value for _, value in (await written(cluster, 1))[0]] == [b"late"]

    asyncio.run(scenario())


def test_what_is_not_acknowledged_in_time_is_not_taken() -> None:
    async def scenario() -> None:
        with MockCluster({TOPIC: 1}) as cluster:
            async with delivering(cluster, seconds=0.5) as delivery:
                cluster.down()
                with pytest.raises(Refusal) as refused:
                    await delivery.deliver(TOPIC, [(None, b"lost?")])
                assert (refused.value.status, refused.value.retry_seconds) == (503, 5)
                assert not await delivery.ready()
                cluster.up()
                for _ in range(300):
                    if await delivery.ready():
                        break
                    await asyncio.sleep(0.1)
                await delivery.deliver(TOPIC, [(None, b"back")])
            found = await written(cluster, 1)
            assert found[0][-1][1] in {b"back", b"lost?"}

    asyncio.run(scenario())


def test_a_record_that_no_topic_takes_is_told_apart() -> None:
    async def scenario() -> None:
        with MockCluster({TOPIC: 1}) as cluster:
            async with delivering(cluster) as delivery:
                with pytest.raises(Refusal) as refused:
                    await delivery.deliver(TOPIC, [(None, b"x" * (MAX_LINE + 2**20))])
                assert refused.value.status == 413

    asyncio.run(scenario())


def test_a_missing_topic_is_told_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.receive.delivery._TOPIC_SECONDS", 0.5)

    async def absent(*_: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr("aiokafka.AIOKafkaProducer.partitions_for", absent)

    async def scenario() -> None:
        with MockCluster({}) as cluster:
            async with delivering(cluster):
                pass

    with pytest.raises(FailedRun, match="has no topic requests; gauger topics creates"):
        asyncio.run(scenario())
