"""aiokafka's fetcher gives blocks to whoever asks for them, and records to all others."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from stream.worker import fetching
from stream.worker.record_blocks import RecordBlock

SOURCE = TopicPartition("requests", 0)


def _today() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 16)
    for offset in range(3):
        builder.append(offset, 0, None, b"%d" % offset, [])
    return bytes(builder.build())


def _old() -> bytes:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 16)
    builder.append(0, timestamp=0, key=None, value=b"0")
    return bytes(builder.build())


def _fetched(data: bytes, first: int, reader: Any) -> tuple[list[Any], int]:
    """What the fetcher hands out of a log, and the position afterwards."""
    records = fetcher.PartitionRecords(
        SOURCE, fetcher.MemoryRecords(data), None, first, None, reader, True, 0
    )
    passed: list[int] = []
    state = SimpleNamespace(paused=False, position=first, consumed_to=passed.append)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    result = fetcher.FetchResult(
        SOURCE, assignment=assignment, partition_records=records, backoff=0
    )
    return result.getall(8_000), passed[-1]


def test_a_consumer_of_blocks_gets_all_that_was_fetched_at_once() -> None:
    (block,), following = _fetched(_today(), 1, fetching._as_blocks)
    assert isinstance(block, RecordBlock)
    assert [(one.offset, one.value) for one in block] == [(1, b"1"), (2, b"2")]
    assert following == 3


@pytest.mark.parametrize(("data", "reader"), [(_today(), None), (_old(), fetching._as_blocks)])
def test_other_consumers_and_older_formats_get_records(data: bytes, reader: Any) -> None:
    records, following = _fetched(data, 0, reader)
    assert all(isinstance(one, fetcher.ConsumerRecord) for one in records)
    assert [one.value for one in records] == [b"%d" % one for one in range(following)]


def test_the_fetcher_makes_records_by_the_names_that_are_replaced() -> None:
    source = inspect.getsource(fetcher.Fetcher)
    assert "MemoryRecords(part_data[-1])" in source
    assert "PartitionRecords(" in source
