"""One source as ingest reads it; here requests, from the records of one topic partition."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import structlog
from aiokafka import ConsumerRecord
from numpy.typing import NDArray

from models.options import EpochOptions
from models.requests.field_watch import FieldWatch
from models.requests.line_reader import LineBlock
from models.sources.source_partition import SourceMark, SourcePartition
from models.wire.protocol import Sent, ToSources
from schemas.errors import InvalidRecord
from stream.batches import Batches, Made
from stream.broker.marks import read_mark
from stream.worker.record_blocks import RecordBlock

_log = structlog.get_logger()

_FAR_AHEAD = InvalidRecord("time is far ahead of the stream and nothing confirms it", "time")
_AHEAD = "time is further ahead of the record's own than kafka.most_ahead_seconds"
_MOST_WATCHED = 200
_WATCH_SECONDS = 1.0
_TELL_SECONDS = 60.0


class Refused(NamedTuple):
    """A record that is refused: its offset, itself, why."""

    offset: int
    record: bytes
    error: InvalidRecord


class Read(NamedTuple):
    """What came of some records.

    `requests` are as many as they are, or as are in them; `bad` are records of which nothing could
    be used: one that holds many requests, of which one is bad, is no sign of another format.
    """

    sent: Sent
    refused: list[Refused]
    requests: int
    bad: int


class Reader(Protocol):
    """A source that is being read."""

    @property
    def next_offset(self) -> int:
        """The offset to read next; 0 before the first."""

    @property
    def watermark(self) -> int | None:
        """Event time that it has passed, microseconds; None where it has none."""

    @property
    def fill(self) -> Mapping[str, float]:
        """Share of its late requests that carry each field."""

    @property
    def held(self) -> bool:
        """Whether nothing may be read now."""

    @property
    def resting(self) -> bool:
        """Whether the head was told that the source is idle: it joins again before it is read."""

    def join(self) -> Sent:
        """What to say before the first record."""

    def rejoin(self) -> Sent:
        """What to say when records come again after a rest."""

    def hear(self, message: ToSources) -> None:
        """Take the head's word, to this source or to others."""

    def read(self, records: Sequence[ConsumerRecord]) -> Read:
        """Take consecutive records."""

    def tell(self, *, at_end: bool) -> Sent:
        """Bring everyone up to date; `at_end`: nothing has come for long."""

    def dump(self) -> dict[str, Any]:
        """The standing; after `tell`, and sending what it gave."""

    def load(self, state: dict[str, Any]) -> None:
        """Take a standing that `dump` gave."""


class RequestReader:
    """Requests of one topic partition.

    Args:
        name: The source.
        partitions: How many account partitions there are.
        options: How event time is cut.
        batches: Makes batches of records.
        most_ahead: Seconds by which a request's time may be ahead of its record's; 0: any.
    """

    def __init__(
        self,
        name: str,
        partitions: int,
        options: EpochOptions,
        batches: Batches,
        most_ahead: int = 0,
    ) -> None:
        self._most_ahead = most_ahead * 1_000
        self._source = SourcePartition(name, partitions, options)
        self._batches = batches
        self._idle = False
        self._watch = FieldWatch()
        self._watched = 0.0
        self._dropped: Counter[str] = Counter()
        self._dropped_told = -_TELL_SECONDS

    @property
    def next_offset(self) -> int:
        """The offset to read next; 0 before the first."""
        return self._source.position + 1

    @property
    def watermark(self) -> int | None:
        """Event time that it has passed, microseconds; None before its first believed request."""
        return self._source.source.watermark

    @property
    def fill(self) -> Mapping[str, float]:
        """Share of its late requests that carry each field."""
        return self._watch.shares

    @property
    def held(self) -> bool:
        """Waiting to be admitted, or too many epochs ahead of what the head has decided."""
        return self._source.is_held

    def join(self) -> Sent:
        """Ask the head to be admitted."""
        return self._source.join()

    def hear(self, message: ToSources) -> None:
        """Take the head's word, to this source or to others."""
        self._source.hear(message)

    @property
    def resting(self) -> bool:
        """Whether the head was told that the source is idle: it joins again before it is read."""
        return self._idle

    def rejoin(self) -> Sent:
        """Records have come again."""
        self._idle = False
        return self.join()

    def read(self, records: Sequence[ConsumerRecord]) -> Read:
        """Take consecutive records: requests, and marks of the publisher between them."""
        block = RecordBlock.of(records)
        marks: list[SourceMark] = []
        rows = np.ones(len(block), np.bool_)
        for place, headers in block.headers.items():
            mark = read_mark(headers)
            if mark is not None:
                rows[place] = False
                time = self._bounded(mark.time, int(block.times[place]))
                marks.append(SourceMark(time, int(block.offsets[place]), mark.end))
        requests = block if rows.all() else block.of_rows(np.flatnonzero(rows))
        return self._read_rows(requests, marks, int(block.offsets[-1]))

    def _read_rows(self, block: RecordBlock, marks: Sequence[SourceMark], last: int) -> Read:
        lines = block.lines
        made = self._borne_out(self._batches.make(lines), block.times)
        if made.batch is not None:
            self._watch_fields(lines)
        self._tell_dropped()
        offsets = block.offsets.tolist()
        positions = [offsets[row] for row in made.rows]
        sent = self._source.read(made.batch, positions, made.records, last, marks)
        refused = [
            Refused(offsets[row], error.part or lines[row], error) for row, error in made.rejects
        ]
        late = self._source.take_refused()
        refused += [Refused(row.position, row.record, _FAR_AHEAD) for row in late]
        bad = {one.offset for one in refused}.difference(positions)
        bad |= {row.position for row in late}
        return Read(sent, refused, max(len(block), made.requests), len(bad))

    def _bounded(self, time: int, stamp: int) -> int:
        """A mark's time (microseconds), no further ahead of its record's than requests may be."""
        if not self._most_ahead or stamp < 0:
            return time
        return min(time, (stamp + self._most_ahead) * 1_000)

    def _borne_out(self, made: Made, times: NDArray[np.int64]) -> Made:
        """Refuse requests whose times are far ahead of their records' (milliseconds).

        The log keeps those: who reads it again decides alike.
        """
        if not self._most_ahead or made.batch is None:
            return made
        rows = np.asarray(made.rows, np.intp)
        # The log's times may be any number: nothing is added to them.
        ahead = (times[rows] >= 0) & (made.batch.time // 1_000 - self._most_ahead > times[rows])
        if not ahead.any():
            return made
        kept, refused = np.flatnonzero(~ahead), np.flatnonzero(ahead).tolist()
        rejects = [
            (made.rows[row], InvalidRecord(_AHEAD, "time", made.records[row])) for row in refused
        ]
        return made._replace(
            batch=made.batch.take(kept) if len(kept) else None,
            rows=rows[kept].tolist(),
            records=[made.records[row] for row in kept.tolist()],
            rejects=[*made.rejects, *rejects],
        )

    def _watch_fields(self, lines: LineBlock) -> None:
        """Look at a few requests a second: a gateway that leaves a field out makes us blind."""
        moment = time.monotonic()
        if moment - self._watched < _WATCH_SECONDS:
            return
        self._watched = moment
        for change in self._watch.note(self._batches.events(lines[:_MOST_WATCHED])):
            _log.warning(
                "field_returned" if change.returned else "field_vanished",
                source=self._source.name,
                field=change.field,
                usual=round(change.usual, 3),
                share=round(change.share, 3),
                blind=change.blind,
            )

    def _tell_dropped(self) -> None:
        """Log now and then how many sketches from the edge could not be used."""
        self._dropped.update(self._batches.take_dropped_sketches())
        moment = time.monotonic()
        if self._dropped and moment - self._dropped_told >= _TELL_SECONDS:
            _log.warning("sketches_dropped", source=self._source.name, reasons=dict(self._dropped))
            self._dropped.clear()
            self._dropped_told = moment

    def tell(self, *, at_end: bool) -> Sent:
        """Bring everyone up to date; a source at its end that is told so is idle."""
        self._idle = at_end
        return self._source.tell("idle" if at_end else "active")

    def dump(self) -> dict[str, Any]:
        """The standing."""
        return self._source.dump()

    def load(self, state: dict[str, Any]) -> None:
        """Take a standing that `dump` gave."""
        self._source.load(state)
