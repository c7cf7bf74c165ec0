"""Blocks of records hold what aiokafka's own reader gives, whatever the log looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from stream.worker.record_blocks import RecordBlock, is_current, read_block

CODECS = range(5)
_headers = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5) | st.none()), max_size=2)
LOGGED = 0x08

_records = st.tuples(
    st.binary(max_size=9) | st.none(), st.binary(max_size=300) | st.none(), _headers
)
_batches = st.lists(
    st.tuples(st.lists(_records, min_size=1, max_size=6), st.sampled_from(CODECS)),
    min_size=1, max_size=4,
)  # fmt: skip


def _log(batches: Sequence[tuple[Sequence[Any], int]], first: int = 0) -> bytes:
    out = b""
    for records, codec in batches:
        builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
        for place, (key, value, headers) in enumerate(records):
            builder.append(place, 1_700_000_000_000 - 7 * place, key, value, headers)
        built = bytes(builder.build())
        out += first.to_bytes(8, "big") + built[8:]
        first += len(records) + 2
    return out


def _by_aiokafka(data: bytes) -> list[tuple[int, bytes, Any, int]]:
    log, out = MemoryRecords(data), []
    while (batch := log.next_batch()) is not None:
        out += [(one.offset, one.value or b"", one.headers, one.timestamp) for one in batch]
    return out


@given(_batches, st.integers(0, 12), st.integers(0, 80))
def test_a_block_holds_what_aiokafka_reads(batches: Any, first: int, cut: int) -> None:
    data = _log(batches)
    data = data[: len(data) - cut]
    block, following = read_block(data, first, check=True)
    wanted = [record for record in _by_aiokafka(data) if record[0] >= first]
    assert [(one.offset, one.value or b"") for one in block or ()] == [one[:2] for one in wanted]
    for place, (_, value, headers, time) in enumerate(wanted):
        assert block is not None
        assert block.times[place] == time
        assert value or list(block.headers[place]) == list(headers)
    assert following > max((one[0] for one in wanted), default=first - 1)


@given(_batches, st.data())
def test_a_damaged_batch_is_refused(batches: Any, data: st.DataObject) -> None:
    log = bytearray(_log(batches))
    place = data.draw(st.integers(21, len(log) - 1))
    log[place] ^= data.draw(st.integers(1, 255))
    length = int.from_bytes(log[8:12], "big")
    batch = bytes(log[: length + 12])
    if place < len(batch):
        with pytest.raises(CorruptRecordException):
            read_block(batch, 0, check=True)


@given(_batches, st.data())
def test_damage_that_no_sum_shows_is_refused_or_stays_within_the_log(
    batches: Any, data: st.DataObject
) -> None:
    log = bytearray(_log(batches))
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(log) - 1), st.integers(0, 255)), max_size=4)
    ):
        log[place] = byte
    try:
        block, _ = read_block(bytes(log), 0, check=False)
    except (CorruptRecordException, UnsupportedCodecError):
        return
    for record in block or ():
        assert len(record.value or b"") <= len(block.lines.data) if block else False


def test_records_of_a_client_make_a_block() -> None:
    block, _ = read_block(
        _log([([(None, b"a", []), (None, None, [("h", b"1")])], 0)], 7), 0, check=True
    )
    assert block is not None
    again = RecordBlock.of(list(block))
    start = 1_700_000_000_000
    assert [tuple(one) for one in again] == [
        (7, start, b"a", ()),
        (8, start - 7, None, (("h", b"1"),)),
    ]


def test_the_time_of_a_log_that_sets_it_is_that_of_the_batch() -> None:
    log = bytearray(_log([([(None, b"a", []), (None, b"b", [])], 0)]))
    log[22] |= LOGGED
    log[35:43] = (1_800_000_000_000).to_bytes(8, "big")
    block, _ = read_block(bytes(log), 0, check=False)
    [batch] = _batches_of(bytes(log))
    assert block is not None
    assert block.times.tolist() == [one.timestamp for one in batch] == [1_800_000_000_000] * 2


def _batches_of(data: bytes) -> list[list[Any]]:
    log, out = MemoryRecords(data), []
    while (batch := log.next_batch()) is not None:
        out.append(list(batch))
    return out


def test_logs_of_older_formats_are_told_apart() -> None:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 16)
    builder.append(0, timestamp=0, key=None, value=b"old")
    assert not is_current(bytes(builder.build()))
    assert is_current(_log([([(None, b"a", [])], 0)]))
