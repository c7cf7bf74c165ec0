"""aiokafka's consumer, mended where it makes an object of every record.

Its fetcher turns what it has fetched of a partition into records by two classes of its module. Ours
take their place for consumers that ask for blocks, and hand out all that was fetched at once.
"""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher

from stream.worker.record_blocks import RecordBlock, is_current, read_block

_MOST_RECORDS = 8_000
"""At once, of formats that are read one by one."""

_MemoryRecords = fetcher.MemoryRecords
_PartitionRecords = fetcher.PartitionRecords


class BlockConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka ships no types
    """A consumer that hands out blocks of records."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments, value_deserializer=_as_blocks)

    async def getblocks(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> dict[TopicPartition, list[RecordBlock]]:
        """All that was fetched of some partitions; waits where there is nothing."""
        fetched = await self.getmany(*partitions, timeout_ms=timeout_ms, max_records=_MOST_RECORDS)
        return {
            partition: several if isinstance(several[0], RecordBlock) else [RecordBlock.of(several)]
            for partition, several in fetched.items()
        }


def _as_blocks(value: bytes | None) -> bytes | None:
    """Tells the fetcher of a consumer that wants blocks; asked only for records of old formats."""
    return value


class _Fetched:
    """A fetched log: aiokafka's reader of it, and its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._records = _MemoryRecords(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


class _PartitionBlocks:
    """Iterates over a fetched log as `PartitionRecords` does, giving one block, or none."""

    def __init__(self, records: _Fetched, first: int, *, check: bool) -> None:
        self._records: _Fetched | None = records
        self._check = check
        self.next_fetch_offset = first

    def __iter__(self) -> _PartitionBlocks:
        return self

    def __next__(self) -> RecordBlock:
        records, self._records = self._records, None
        if records is None:
            raise StopIteration
        block, self.next_fetch_offset = read_block(
            records.data, self.next_fetch_offset, check=self._check
        )
        if block is None:
            raise StopIteration
        return block


def _partition_records(
    partition: Any,
    records: _Fetched,
    aborted: Any,
    first: int,
    key_reader: Any,
    value_reader: Any,
    check: bool,  # noqa: FBT001 - aiokafka passes it by place
    isolation: Any,
) -> Any:
    if value_reader is _as_blocks and is_current(records.data):
        return _PartitionBlocks(records, first, check=check)
    return _PartitionRecords(
        partition, records, aborted, first, key_reader, value_reader, check, isolation
    )


fetcher.MemoryRecords = _Fetched
fetcher.PartitionRecords = _partition_records
