"""Records as they were fetched, many at once: their values stay in one buffer.

An object for each record, as clients make, costs more than reading what is in it. What is done for
each batch of records is done here; what is done for each record, in `models.kernels.records`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import calc_crc32c
from numpy.typing import NDArray

from models.kernels.records import read_records
from models.requests.line_reader import LineBlock

Headers = Sequence[tuple[str, bytes | None]]

_HEADER = struct.Struct(">qiibIhiqqqhii")
"""Base offset, length, leader's epoch, format, checksum, attributes, last offset's distance, first
and last time, producer, its epoch, first sequence number, count of records."""

_LENGTH = struct.Struct(">qi")
_LOG_OVERHEAD = _LENGTH.size
_FORMAT_PLACE = 16
_CHECKED_FROM = 21
_FORMAT = 2
_CODEC_MASK, _LOGGED_MASK, _CONTROL_MASK = 0x07, 0x08, 0x20
_NO_TIME = -1
_CODECS: Mapping[int, Callable[[bytes], bytes]] = {
    1: gzip_decode, 2: snappy_decode, 3: lz4_decode, 4: zstd_decode,
}  # fmt: skip
_SPARE = 64
_BLOCK = 8


class Record(NamedTuple):
    """One record of a block."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Headers


class RecordBlock(Sequence[Any]):
    """Consecutive records of one topic partition, at least one.

    Attributes:
        lines: Their values; a record without one has an empty value.
        offsets: Their offsets, ascending, int64[n].
        times: Milliseconds since 1970 that the log holds of each, the broker's or the producer's;
            negative where it holds none, int64[n].
        headers: Headers of records without value, by their place.
    """

    def __init__(
        self,
        lines: LineBlock,
        offsets: NDArray[np.int64],
        times: NDArray[np.int64],
        headers: Mapping[int, Headers],
    ) -> None:
        self.lines, self.offsets, self.times, self.headers = lines, offsets, times, headers

    @classmethod
    def of(cls, records: Sequence[Any]) -> RecordBlock:
        """A block of records that a client made."""
        if isinstance(records, RecordBlock):
            return records
        lines = LineBlock.of([record.value or b"" for record in records])
        offsets = np.array([record.offset for record in records], np.int64)
        # The oldest logs hold no times.
        told = [getattr(record, "timestamp", None) for record in records]
        times = np.array([_NO_TIME if time is None else time for time in told], np.int64)
        headers = {
            place: record.headers for place, record in enumerate(records) if not record.value
        }
        return cls(lines, offsets, times, headers)

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        row = range(len(self))[place]
        value = self.lines[row]
        headers = self.headers.get(row, ())
        return Record(int(self.offsets[row]), int(self.times[row]), value or None, headers)

    def of_rows(self, rows: NDArray[np.intp]) -> RecordBlock:
        """Some of the records."""
        kept = {int(row): place for place, row in enumerate(rows)}
        headers = {kept[row]: one for row, one in self.headers.items() if row in kept}
        lines = self.lines.of_rows(rows)
        return RecordBlock(lines, self.offsets[rows], self.times[rows], headers)


class _Batch(NamedTuple):
    """A batch of records: its offsets, how many records, its bytes, and those of the records.

    `time` is that of its first record; `is_logged`: that of all, which the broker has set.
    """

    base: int
    time: int
    is_logged: bool
    next_offset: int
    records: int
    whole: memoryview
    body: bytes | memoryview


def is_current(data: bytes) -> bool:
    """Whether all batches of a fetched log are of format 2; brokers of today keep no others."""
    return all(data[start + _FORMAT_PLACE] == _FORMAT for start, _ in _places(data))


def _places(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each whole batch starts and ends; brokers cut the last one anywhere."""
    start = 0
    while start + _LOG_OVERHEAD <= len(data):
        _, length = _LENGTH.unpack_from(data, start)
        end = start + _LOG_OVERHEAD + length
        if end > len(data):
            return
        if end <= start + _FORMAT_PLACE:
            raise CorruptRecordException("a batch of records is shorter than its header")
        yield start, end
        start = end


def _batches(data: bytes, *, check: bool) -> Iterator[_Batch]:
    for start, end in _places(data):
        whole = memoryview(data)[start:end]
        if len(whole) < _HEADER.size:
            raise CorruptRecordException("a batch of records is shorter than its header")
        base, _, _, _, checksum, attributes, distance, first, last, _, _, _, count = (
            _HEADER.unpack_from(whole)
        )
        if check and calc_crc32c(whole[_CHECKED_FROM:]) != checksum:
            raise CorruptRecordException(f"the checksum of the batch at {base} does not fit")
        body = b"" if attributes & _CONTROL_MASK else _body(whole[_HEADER.size :], attributes, base)
        if not 0 <= count <= len(body) and body:
            raise CorruptRecordException(f"the batch at {base} cannot hold {count} records")
        is_logged = bool(attributes & _LOGGED_MASK)
        yield _Batch(
            base,
            last if is_logged else first,
            is_logged,
            base + distance + 1,
            count if body else 0,
            whole,
            body,
        )


def _body(data: memoryview, attributes: int, base: int) -> bytes | memoryview:
    codec = attributes & _CODEC_MASK
    if codec == 0:
        return data
    if codec not in _CODECS:
        raise UnsupportedCodecError(f"the batch at {base} is compressed by codec {codec}")
    try:
        return _CODECS[codec](bytes(data))
    except Exception as error:
        raise CorruptRecordException(
            f"the batch at {base} cannot be decompressed: {error}"
        ) from error


def read_block(data: bytes, first: int, *, check: bool) -> tuple[RecordBlock | None, int]:
    """The records of a fetched log from an offset on, None where there is none; the next offset.

    Args:
        data: Whole batches of format 2, the last one perhaps cut.
        first: The offset that was asked for: batches may begin before it.
        check: Whether to check each batch's sum (CRC-32C).

    Raises:
        CorruptRecordException: A batch is damaged.
        UnsupportedCodecError: A batch is compressed by what aiokafka does not know.
    """
    batches = list(_batches(data, check=check))
    if not batches:
        return None, first
    bodies = [batch.body for batch in batches]
    edges = np.cumsum([0, *map(len, bodies)])
    buffer = np.frombuffer(b"".join([*bodies, bytes(_SPARE + -edges[-1] % _BLOCK)]), np.uint8)
    counts = np.cumsum([0, *(batch.records for batch in batches)])
    offsets, times = np.empty((2, counts[-1]), np.int64)
    starts, ends = np.empty((2, counts[-1]), np.uint64)
    for batch, place, start, end in zip(
        batches, range(len(batches)), counts, counts[1:], strict=False
    ):
        rows = slice(start, end)
        if not read_records(
            buffer, edges[place], edges[place + 1],
            offsets[rows], times[rows], starts[rows], ends[rows],
        ):  # fmt: skip
            raise CorruptRecordException(f"the batch at {batch.base} is damaged")
        offsets[rows] += batch.base
        times[rows] = batch.time if batch.is_logged else times[rows] + batch.time
    headers = _headers(batches, offsets, np.flatnonzero(starts == ends), counts)
    block = RecordBlock(LineBlock(buffer, starts, ends), offsets, times, headers)
    wanted = np.flatnonzero(offsets >= first)
    if len(wanted) < len(block):
        block = block.of_rows(wanted)
    return block if len(block) else None, max(first, batches[-1].next_offset)


def _headers(
    batches: Sequence[_Batch],
    offsets: NDArray[np.int64],
    rows: NDArray[np.intp],
    counts: NDArray[np.intp],
) -> dict[int, Headers]:
    """Headers of a few records, out of aiokafka's reader."""
    wanted = dict(zip(offsets[rows].tolist(), rows.tolist(), strict=True))
    numbers = np.unique(np.searchsorted(counts, rows, side="right") - 1)
    try:
        return {
            wanted[record.offset]: tuple(record.headers)
            for number in numbers.tolist()
            for record in DefaultRecordBatch(batches[number].whole)
            if record.offset in wanted
        }
    except UnicodeDecodeError as error:
        raise CorruptRecordException(f"a record's header is no text: {error}") from error
