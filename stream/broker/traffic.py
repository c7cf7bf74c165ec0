"""Recorded traffic as rows for a topic: with key and time, several recordings merged by event time.

Replays merge recordings by blocks, as each keeps its own watermark there. In a topic they share
that of a partition, so here they are merged row by row.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from operator import itemgetter

import msgspec
import numpy as np
from aiokafka.partitioner import murmur2
from numpy.typing import NDArray

from models.sources.watermark import Watermark
from schemas.errors import InvalidRecord
from schemas.formats import InputFormat
from schemas.request import Identifier
from schemas.times import EventTime, to_seconds
from stream.clock import now
from stream.recordings.blocks import Recording

Row = tuple[int, int, bytes | None, int, bytes]
"""A line to publish.

Event time that the traffic has reached with it (microseconds, never less than before, 0 while
unknown), record timestamp (milliseconds), key, hash that decides the partition, the line itself.
"""

_UNKNOWN = -1.0
_POSITIVE = 0x7FFFFFFF
_MOST_HELD = 65_536


class _Header(msgspec.Struct, gc=False):
    """What is read of a line; the rest is for the worker to judge."""

    account: Identifier
    time: EventTime


_decode = msgspec.json.Decoder(_Header).decode


@dataclass(slots=True)
class _Held:
    """Lines that wait until the recording's time is known.

    Attributes:
        first: Number of the first line with a time among all lines with a time.
        believed: Numbers of the lines whose time is believed.
    """

    first: int
    lines: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    hashes: list[int] = field(default_factory=list)
    believed: list[int] = field(default_factory=list)


class KeyedRecording:
    """The lines of a recording in their order, each as a row.

    A time that is far ahead of the recording and confirmed by nothing does not move it on; nor
    does a line without a readable account and time, which is given out all the same.

    Args:
        recording: An opened recording; the caller closes it.
        decode: How a line is written; None: as Gauger's own requests, of which little must be read.

    Attributes:
        bad: Lines without a readable account and time so far.
    """

    def __init__(self, recording: Recording, decode: InputFormat | None = None) -> None:
        self._recording = recording
        self._headers = _native_headers if decode is None else partial(_headers, decode)
        self._watermark = Watermark()
        self._timed = 0
        self._reached = 0
        self.bad = 0

    @property
    def time(self) -> int | None:
        """Latest believed event time, microseconds; None while there is none."""
        return self._watermark.time

    def rows(self) -> Iterator[Row]:
        """All lines; of one that is too long to be held, its start.

        Raises:
            RecordingError: A Parquet file that cannot be read.
        """
        held = _Held(0)
        for block in self._recording.blocks():
            self._take(block.lines, held)
            if self._watermark.time is not None or len(held.lines) >= _MOST_HELD:
                yield from self._released(held)
                held = _Held(self._timed)
        held.believed += self._watermark.end()[0]
        yield from self._released(held)

    def _take(self, lines: list[bytes], held: _Held) -> None:
        first = len(held.lines)
        for line, header in zip(lines, self._headers(lines), strict=True):
            if header is None:
                moment, key, number = _UNKNOWN, None, zlib.crc32(line) & _POSITIVE
            else:
                moment, (key, number) = header[1], route(header[0])
            held.times.append(moment)
            held.keys.append(key)
            held.hashes.append(number)
        held.lines += lines
        times = _microseconds(held.times[first:])
        timed = times >= 0
        accounts = np.array(held.hashes[first:], np.uint64)[timed]
        admitted = self._watermark.admit(times[timed], accounts, self._timed)
        held.believed += admitted.numbers.tolist()
        self._timed += len(accounts)
        self.bad += len(lines) - len(accounts)

    def _released(self, held: _Held) -> Iterator[Row]:
        times = _microseconds(held.times)
        reached = self._reached_with(held, times)
        if len(reached):
            self._reached = int(reached[-1])
        stamps = np.where(times < 0, reached, times) // 1_000
        # Brokers refuse records from the future.
        latest = now() // 1_000
        stamps = np.where(stamps == 0, latest, np.minimum(stamps, latest))
        return zip(
            reached.tolist(), stamps.tolist(), held.keys, held.hashes, held.lines, strict=True
        )

    def _reached_with(self, held: _Held, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The latest believed time up to each line; before the first, that of the first."""
        numbers = np.sort(np.array(held.believed, np.int64)) - held.first
        rows = np.flatnonzero(times >= 0)[numbers[numbers >= 0]]
        believed = np.zeros(len(times), np.int64)
        believed[rows] = times[rows]
        floor = self._reached or (int(times[rows[0]]) if len(rows) else 0)
        return np.maximum.accumulate(np.maximum(believed, floor))


def _native_headers(lines: Iterable[bytes]) -> Iterator[tuple[str, float] | None]:
    """Account and time of each line; None where they cannot be read."""
    for line in lines:
        try:
            header = _decode(line)
            moment = header.time
            if isinstance(moment, str):
                moment = to_seconds(moment, "time")
        except (InvalidRecord, msgspec.DecodeError, UnicodeError, RecursionError):
            yield None
        else:
            yield header.account, moment


def _headers(decode: InputFormat, lines: list[bytes]) -> list[tuple[str, float] | None]:
    """The same of any format; of a line of several requests the account of the latest."""
    headers: list[tuple[str, float] | None] = [None] * len(lines)
    decoded = decode(lines)
    for row, event in zip(decoded.rows, decoded.events, strict=True):
        moment, known = float(event.time), headers[row]
        if known is None or moment > known[1]:
            headers[row] = (event.account, moment)
    return headers


def merged(recordings: Sequence[KeyedRecording]) -> Iterator[Row]:
    """The rows of several recordings by the event time reached, each recording in its order."""
    return heapq.merge(*(recording.rows() for recording in recordings), key=itemgetter(0))


@lru_cache(1 << 16)
def route(account: str) -> tuple[bytes, int]:
    """The key of an account, and the hash by which Kafka's own clients choose its partition."""
    key = account.encode()
    return key, murmur2(key) & _POSITIVE


def _microseconds(seconds: list[float]) -> NDArray[np.int64]:
    return np.rint(np.array(seconds) * 1e6).astype(np.int64)
