"""Where ingest stands in each source: one compacted partition, the latest record of a source holds.

The standing, not the consumer group's offset, says where reading goes on: it also holds what the
source knows of event time. Offsets are committed beside it for those who watch lag.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from models.wire.state import decode_state, encode_state
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import aiokafka_arguments
from stream.worker.checkpoints import CLOSING
from stream.worker.outbox import Outbox

State = dict[str, Any]


async def read_standings(options: KafkaOptions, names: TopicNames) -> dict[str, State]:
    """The standing of every source that is read; where two were written, the one that is further.

    Raises:
        InvalidRecord: A standing is damaged or of another release.
        KafkaError: The topic cannot be read.
    """
    found: dict[str, State] = {}
    async for key, value in _records(options, names.sources):
        _note(found, key, value)
    read = {*names.requests, names.facts, names.feedback}
    return {source: one for source, one in found.items() if source.rpartition("/")[0] in read}


async def stated_keys(options: KafkaOptions, names: TopicNames) -> list[State]:
    """What the state of an application says of the keys that it was made under.

    Where nothing was read yet there may be first checkpoints, of a warm start.

    Raises:
        InvalidRecord: A record is damaged or of another release.
        KafkaError: The topics cannot be read.
    """
    standings = await read_standings(options, names)
    if standings:
        return list(standings.values())
    return [
        decode_state(value)
        async for key, value in _records(options, names.head_changelog)
        if value is not None and (key or b"").endswith(CLOSING)
    ]


async def _records(
    options: KafkaOptions, topic: str
) -> AsyncIterator[tuple[bytes | None, bytes | None]]:
    """Key and value of all that a topic of one partition holds now."""
    partition = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(**aiokafka_arguments(options), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=500)).values():
                for record in records:
                    yield record.key, record.value
    finally:
        await consumer.stop()


def _note(found: dict[str, State], key: bytes | None, value: bytes | None) -> None:
    source = (key or b"").decode()
    if value is None:
        found.pop(source, None)
        return
    state = decode_state(value)
    known = found.get(source)
    # A process that lost the source and does not know it yet may still write an older one.
    if known is None or state["position"] >= known["position"]:
        found[source] = state


async def write_standing(outbox: Outbox, names: TopicNames, source: str, state: State) -> None:
    """Save a standing; it is safe after the outbox has drained."""
    await outbox.publish(names.sources, encode_state(state), key=source.encode(), partition=0)
