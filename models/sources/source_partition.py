"""One source read from a log: deals its rows to account partitions, tells the head its standing.

Reading it again from a saved standing gives the same rows with the same epochs: account
partitions drop what they have.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.options import EpochOptions
from models.requests.batch import EventBatch, concatenate
from models.sources.source import RefusedRow, Source
from models.wire.protocol import (
    NOTHING,
    Admitted,
    Close,
    Progress,
    Rows,
    Sent,
    Standing,
    ToSources,
)

_MOST_ROWS = 1_200
_MOST_AHEAD = 12


class SourceMark(NamedTuple):
    """The publisher's word, where it stands in the source: no row before this time follows.

    Microseconds; `end`: the recording is over.
    """

    time: int
    position: int
    end: bool


class SourcePartition:
    """A source behind a log.

    Args:
        name: The source, the same for whoever reads it.
        partitions: How many account partitions there are.
        options: How event time is cut.
    """

    def __init__(self, name: str, partitions: int, options: EpochOptions) -> None:
        self.name = name
        self._source = Source(options)
        self._partitions = partitions
        self._covered = [NOTHING] * partitions
        self._untold: set[int] = set()
        self._told_open = NOTHING
        self.position = NOTHING
        self._admitted = False
        self._decided = NOTHING
        self._awaited = NOTHING
        self._ahead: set[int] = set()

    @property
    def source(self) -> Source:
        """Watermark, parked and late rows."""
        return self._source

    def join(self) -> Sent:
        """Ask the head to be admitted; until it has answered, nothing may be read."""
        self._admitted = False
        return Sent(head=[self._standing("joining")])

    def hear(self, message: ToSources) -> None:
        """Take the head's word, to this source or to others."""
        match message:
            case Admitted() if message.source == self.name:
                self._admitted = True
                self._source.floor = max(self._source.floor, message.floor)
                self._awaited = max(self._awaited, message.position)
                self._pass(message.decided)
            case Close():
                self._awaited = max(self._awaited, message.coverage.get(self.name, NOTHING))
            case Progress():
                self._pass(message.epoch)

    def _pass(self, decided: int) -> None:
        self._decided = max(self._decided, decided)
        self._ahead = {epoch for epoch in self._ahead if epoch > decided}

    @property
    def is_held(self) -> bool:
        """Whether nothing may be read now: it is not admitted, or far ahead of what is decided.

        Where an epoch waits for what another had read of the source, that must be read again first.
        """
        ahead = self.epochs_ahead > _MOST_AHEAD and self.position >= self._awaited
        return not self._admitted or ahead

    @property
    def epochs_ahead(self) -> int:
        """How many epochs with rows of this source are not decided yet."""
        return len(self._ahead)

    def read(
        self,
        batch: EventBatch | None,
        positions: Sequence[int],
        records: Sequence[bytes],
        last: int,
        marks: Sequence[SourceMark] = (),
    ) -> Sent:
        """Deal rows out.

        Args:
            batch: Rows as they came, None where there are none among the records.
            positions: Where each stands in the source.
            records: Their records.
            last: Position of the last record read, also where it holds no row.
            marks: The publisher's marks among them, in order.
        """
        admitted: list[EventBatch | None] = []
        start = 0
        for mark in marks:
            end = bisect_left(positions, mark.position)
            admitted.append(self._admit(batch, positions, records, start, end))
            admitted.append(self._source.pass_mark(mark.time, mark.position))
            if mark.end:
                admitted.append(self._source.end(mark.position))
            start = end
        admitted.append(self._admit(batch, positions, records, start, len(positions)))
        # Rows that a mark released stand where it stands: dealt out one after the other, the second
        # would be taken for a repetition.
        batches = [one for one in admitted if one is not None and len(one)]
        return self._deal(concatenate(batches) if batches else None, last)

    def _admit(
        self,
        batch: EventBatch | None,
        positions: Sequence[int],
        records: Sequence[bytes],
        start: int,
        end: int,
    ) -> EventBatch | None:
        """What is believed of the rows from `start` to before `end`."""
        if batch is None or start == end:
            return None
        if end - start < len(batch):
            batch = batch.take(np.arange(start, end))
        return self._source.admit(batch, positions[start:end], records[start:end])

    def _deal(self, admitted: EventBatch | None, last: int) -> Sent:
        sent = Sent()
        if admitted is not None:
            self._deal_rows(admitted, last, sent)
        self.position = last
        self._tell_progress(sent)
        return sent

    def _deal_rows(self, batch: EventBatch, last: int, sent: Sent) -> None:
        epochs = set(np.unique(batch.epoch).tolist())
        self._untold |= epochs
        self._ahead.update(epoch for epoch in epochs if epoch > self._decided)
        target = batch.account % np.uint64(self._partitions)
        for number in range(self._partitions):
            rows = np.flatnonzero(target == number)
            # Rows that one record brought to belief share its position: they are not parted.
            for part in _parts(rows, batch.position[rows]):
                position = int(batch.position[part[-1]])
                if part[-1] == rows[-1]:
                    position = last
                sent.accounts.append((number, self._rows(number, position, batch.take(part))))

    def _rows(self, number: int, position: int, batch: EventBatch | None) -> Rows:
        rows = Rows(self.name, self._covered[number], position, batch)
        self._covered[number] = max(self._covered[number], position)
        return rows

    def _tell_progress(self, sent: Sent) -> None:
        """Tell the head when the source has let go of an epoch."""
        watermark = self._source.watermark
        if watermark is None:
            return
        first_open = self._source.first_open(watermark)
        if first_open > self._told_open:
            self._told_open = first_open
            self._tell(sent, "active")

    def tell(self, state: str = "active") -> Sent:
        """Bring every account partition and the head up to date: `active` or `idle`."""
        sent = Sent()
        self._tell(sent, state)
        return sent

    def _tell(self, sent: Sent, state: str) -> None:
        for number, covered in enumerate(self._covered):
            if covered < self.position:
                sent.accounts.append((number, self._rows(number, self.position, None)))
        sent.head.append(self._standing(state))

    def _standing(self, state: str) -> Standing:
        epochs = sorted(self._untold)
        self._untold = set()
        return Standing(self.name, self.position, self._source.watermark, epochs, state)

    def take_refused(self) -> list[RefusedRow]:
        """Rows refused since the last call."""
        return self._source.take_refused()

    def dump(self) -> dict[str, Any]:
        """The standing as plain values and arrays; call `tell` before, and send what it gives."""
        return {"position": self.position, "source": self._source.dump()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.position = state["position"]
        self._covered = [self.position] * self._partitions
        self._source.load(state["source"])


def _parts(rows: np.ndarray[Any, np.dtype[np.intp]], positions: np.ndarray[Any, Any]) -> list[Any]:
    """The rows in parts of about `_MOST_ROWS`; rows of one position stay together."""
    parts = []
    start = 0
    while start < len(rows):
        end = min(start + _MOST_ROWS, len(rows))
        while end < len(rows) and positions[end] == positions[end - 1]:
            end += 1
        parts.append(rows[start:end])
        start = end
    return parts
