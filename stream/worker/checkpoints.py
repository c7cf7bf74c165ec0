"""Checkpoints in a table of faust: pieces of a partition's state, and the record that binds them.

A piece's key names its partition, the term of whoever wrote it, the checkpoint and its place in it;
the closing record says which pieces hold. It is written last: a process that dies in between leaves
pieces that nobody asks for. Each time a partition changes hands a new term begins, and the closing
record of the latest term holds, so that a process that has lost a partition and does not know it
yet cannot undo what the next owner wrote.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, NamedTuple

import faust

from models.checkpoint import Cut
from models.state import decode_state, encode_state
from stream.clock import now

_CLOSING = b"closing"


class CheckpointTable(faust.Table[bytes, bytes]):
    """A table that hands out the deliveries of what was written to its changelog."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deliveries: list[Awaitable[Any]] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> Any:
        """As faust does, keeping the delivery."""
        delivery = super().send_changelog(*args, **kwargs)
        self._deliveries.append(delivery)
        return delivery

    def take_deliveries(self) -> list[Awaitable[Any]]:
        """Deliveries of what was written since the last call."""
        deliveries, self._deliveries = self._deliveries, []
        return deliveries


class Saved(NamedTuple):
    """A partition's state as it was last written: closing record and pieces, in order."""

    closing: dict[str, Any]
    pieces: list[dict[str, Any]]


class Checkpoints:
    """The checkpoints of one partition.

    Everything here that writes must be called while an event of the partition is being handled.

    Args:
        table: The table.
        partition: Which partition.
    """

    def __init__(self, table: CheckpointTable, partition: int) -> None:
        self._table = table
        self._prefix = b"%d/" % partition
        self._term = 0
        self._number = 0
        self._live: list[bytes] = []
        self._obsolete: list[bytes] = []
        self._whole_bytes = 0
        self._later_bytes = 0

    @property
    def wants_whole(self) -> bool:
        """Whether what was written since the last whole checkpoint weighs as much as it does."""
        return not self._live or self._later_bytes > self._whole_bytes

    def read(self) -> Saved | None:
        """The state that was written last, None where there is none; a new term begins.

        Raises:
            InvalidRecord: A record is damaged or of another release.
            KeyError: A piece is missing.
        """
        keys = [key for key in self._table if key.startswith(self._prefix)]
        terms = [int(key.split(b"/")[1]) for key in keys if key.endswith(_CLOSING)]
        last = max(terms, default=0)
        self._term = max(last + 1, now() // 1_000)
        if not terms:
            self._obsolete = keys
            return None
        closing = decode_state(self._table[self._closing_key(last)])
        self._live = list(closing["pieces"])
        self._whole_bytes, self._later_bytes = closing["weights"]
        held = {*self._live, self._closing_key(last)}
        self._obsolete = [key for key in keys if key not in held]
        pieces = [decode_state(self._table[key]) for key in self._live]
        self._live.append(self._closing_key(last))
        return Saved(closing["state"], pieces)

    def _closing_key(self, term: int) -> bytes:
        return self._prefix + b"%d/" % term + _CLOSING

    def write(self, cut: Cut) -> list[Awaitable[Any]]:
        """Write a cut; the deliveries to wait for before anything is acknowledged."""
        self._number += 1
        closing_key = self._closing_key(self._term)
        kept = [] if cut.whole else [key for key in self._live if not key.endswith(_CLOSING)]
        obsolete = [key for key in self._live if key not in {*kept, closing_key}]
        written = 0
        for place, piece in enumerate(cut.pieces):
            key = self._prefix + b"%d/%d/%d" % (self._term, self._number, place)
            value = encode_state(piece)
            self._table[key] = value
            kept.append(key)
            written += len(value)
        self._whole_bytes = written if cut.whole else self._whole_bytes
        self._later_bytes = 0 if cut.whole else self._later_bytes + written
        self._table[closing_key] = encode_state(
            {
                "pieces": kept,
                "weights": [self._whole_bytes, self._later_bytes],
                "state": cut.closing,
            }
        )
        self._live = [*kept, closing_key]
        deliveries = self._table.take_deliveries()
        # What an earlier checkpoint made obsolete goes now: that one is safe by this time.
        for key in self._obsolete:
            self._table.pop(key, None)
        self._obsolete = obsolete
        deliveries += self._table.take_deliveries()
        return deliveries
