"""Faults that a real broker cannot be asked for: requests that fail, a broker away or slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import aiokafka_arguments
from stream.worker.outbox import Outbox
from stream.worker.standings import read_standings, write_standing
from tests.broker.mock import Fault, MockCluster, Request

COUNT = 300
PASSING = [Fault.NOT_LEADER, Fault.REQUEST_TIMED_OUT, Fault.NOT_ENOUGH_REPLICAS]


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    names = TopicNames.of(KafkaOptions())
    with MockCluster({names.events: 2, names.alerts: 1, names.sources: 1}) as made:
        yield made


def options_of(cluster: MockCluster) -> KafkaOptions:
    return KafkaOptions(bootstrap_servers=cluster.bootstrap_servers)


async def sent_during(cluster: MockCluster, trouble: Callable[[], None]) -> list[list[bytes]]:
    """Send numbered records while something goes wrong; what each partition then holds."""
    options = options_of(cluster)
    names = TopicNames.of(options)
    outbox = Outbox(options, names)
    await outbox.start()
    for number in range(COUNT):
        if number == COUNT // 3:
            trouble()
        await outbox.publish(names.events, b"%d" % number, partition=number % 2)
        if number % 50 == 0:
            await asyncio.sleep(0.02)
    await outbox.drain()
    await outbox.stop()
    consumer = AIOKafkaConsumer(**aiokafka_arguments(options), enable_auto_commit=False)
    await consumer.start()
    held = [await everything(consumer, TopicPartition(names.events, one)) for one in (0, 1)]
    await consumer.stop()
    return held


async def everything(consumer: AIOKafkaConsumer, partition: TopicPartition) -> list[bytes]:
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    end = (await consumer.end_offsets([partition]))[partition]
    values: list[bytes] = []
    while await consumer.position(partition) < end:
        for several in (await consumer.getmany(partition, timeout_ms=500)).values():
            values += [record.value for record in several]
    return values


EXPECTED = [[b"%d" % number for number in range(first, COUNT, 2)] for first in (0, 1)]


def test_requests_that_fail_lose_double_and_reorder_nothing(cluster: MockCluster) -> None:
    def trouble() -> None:
        cluster.fail(Request.PRODUCE, PASSING * 3)
        cluster.fail(Request.METADATA, [Fault.LEADER_NOT_AVAILABLE])

    assert asyncio.run(sent_during(cluster, trouble)) == EXPECTED


def test_a_broker_that_is_away_for_seconds_loses_nothing(cluster: MockCluster) -> None:
    def trouble() -> None:
        cluster.down()
        asyncio.get_running_loop().call_later(4.0, cluster.up)

    assert asyncio.run(sent_during(cluster, trouble)) == EXPECTED


def test_a_slow_broker_only_takes_longer(cluster: MockCluster) -> None:
    def trouble() -> None:
        cluster.slow(400)
        asyncio.get_running_loop().call_later(3.0, cluster.slow, 0)

    assert asyncio.run(sent_during(cluster, trouble)) == EXPECTED


def test_of_two_standings_the_one_that_is_further_holds(cluster: MockCluster) -> None:
    options = options_of(cluster)
    names = TopicNames.of(options)
    first, second = f"{names.requests[0]}/0", f"{names.facts}/0"

    async def written() -> dict[str, int]:
        outbox = Outbox(options, names)
        await outbox.start()
        cluster.fail(Request.PRODUCE, PASSING)
        for source, position in ((first, 5), (first, 9), (second, 1), ("former/0", 3), (first, 7)):
            await write_standing(outbox, names, source, {"position": position})
        await outbox.drain()
        await outbox.stop()
        cluster.fail(Request.FETCH, [Fault.NOT_LEADER])
        found = await read_standings(options, names)
        return {source: state["position"] for source, state in found.items()}

    # Of a topic that is read no more there is none.
    assert asyncio.run(written()) == {first: 9, second: 1}
