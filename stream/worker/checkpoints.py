"""Checkpoints in a table of faust: pieces of a partition's state, and the record that binds them.

A piece's key names its partition, the term of whoever wrote it, the checkpoint and its place in it;
the closing record says which pieces hold. It is written last: a process that dies in between leaves
pieces that nobody asks for. Each time a partition changes hands a new term begins, and the closing
record of the latest term holds, so that a process that has lost a partition and does not know it
yet cannot undo what the next owner wrote.

The closing record also says up to where the log is covered: a log that goes on behind that, or ends
before it, is not the one that the state belongs to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import faust

from models.wire.checkpoint import EVERYTHING, Cut, Share
from models.wire.codec import FRAME_BYTES
from models.wire.state import decode_state, encode_state
from stream.clock import now
from stream.state_keys import StateKeys

CLOSING = b"closing"
"""How the keys of closing records end."""
_NO_TURN = EVERYTHING.end
"""Of pieces that hold until a round ends, whatever it renews."""


class Table(Protocol):
    """What checkpoints need of a table, keys to records."""

    def take_deliveries(self) -> list[Awaitable[Any]]:
        """Deliveries of what was written since the last call."""

    def __iter__(self) -> Iterator[bytes]:
        """All keys."""

    def __getitem__(self, key: bytes, /) -> bytes:
        """A record."""

    def __setitem__(self, key: bytes, record: bytes, /) -> None:
        """Write a record."""

    def pop(self, key: bytes, default: None, /) -> bytes | None:
        """Delete a record, if it is there."""


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


class _Piece(NamedTuple):
    """A piece that holds: its records, their bytes, the round that it was written in.

    `end` is that of the share that it renewed.
    """

    keys: tuple[bytes, ...]
    size: int
    round: int
    end: int

    def obsolete(self, number: int, share: Share) -> bool:
        """Whether a share that is renewed in this round stands for it."""
        return self.round < number and self.end <= share.end


class Checkpoints:
    """The checkpoints of one partition.

    Everything here that writes must be called while an event of the partition is being handled.

    Args:
        table: The table.
        partition: Which partition.
        keys: The keys that its state is made under; None: whatever they are.
    """

    def __init__(self, table: Table, partition: int, keys: StateKeys | None = None) -> None:
        self._table = table
        self._keys = keys
        self._prefix = b"%d/" % partition
        self._term = 0
        self._number = 0
        self._live: list[_Piece] = []
        self._state: tuple[bytes, ...] = ()
        self._closing = b""
        self._obsolete: list[bytes] = []
        self._round = 0
        self._in_doubt = False
        self._covered: int | None = None

    @property
    def covered(self) -> int | None:
        """The first offset of the log that the state read does not cover; None: not known."""
        return self._covered

    @property
    def wants_whole(self) -> bool:
        """Whether there is nothing to add to, or what was read is to be written anew.

        Each term begins with a whole checkpoint. What was read may be of a round that was broken
        off; a store on disk may hold what the changelog never got; and who has lost the partition
        and does not know it yet may delete pieces of the term before.
        """
        return not self._live or self._in_doubt

    @property
    def weight(self) -> int:
        """Bytes of the pieces that hold."""
        return sum(piece.size for piece in self._live)

    def read(self) -> Saved | None:
        """The state that was written last, None where there is none; a new term begins.

        Raises:
            InvalidRecord: A record is damaged, of another release, or made under other keys.
            KeyError: A piece is missing.
        """
        keys = [key for key in self._table if key.startswith(self._prefix)]
        terms = [int(key.split(b"/")[1]) for key in keys if key.endswith(CLOSING)]
        last = max(terms, default=0)
        self._term = max(last + 1, now() // 1_000)
        if not terms:
            self._obsolete = keys
            return None
        self._in_doubt = True
        self._closing = self._closing_key(last)
        closing = decode_state(self._table[self._closing])
        self._covered = closing.get("covered")
        if self._keys is not None:
            self._keys.require(closing)
        self._live = [self._piece(tuple(keys), _NO_TURN) for keys in closing["pieces"]]
        held = {key for several in (*closing["pieces"], closing["state"]) for key in several}
        self._obsolete = [key for key in keys if key not in held and key != self._closing]
        pieces = [self._joined(piece.keys) for piece in self._live]
        self._state = tuple(closing["state"])
        return Saved(self._joined(self._state), pieces)

    def _joined(self, keys: Sequence[bytes]) -> dict[str, Any]:
        return decode_state(b"".join(self._table[key] for key in keys))

    def _closing_key(self, term: int) -> bytes:
        return self._prefix + b"%d/" % term + CLOSING

    def write(self, cut: Cut, covered: int | None = None) -> list[Awaitable[Any]]:
        """Write a cut; the deliveries to wait for before anything is acknowledged.

        Args:
            cut: The cut.
            covered: The first offset of the log that it does not cover; None without a log.
        """
        self._number += 1
        before = [*(key for piece in self._live for key in piece.keys), *self._state]
        old_closing, self._closing = self._closing, self._closing_key(self._term)
        self._hold(cut)
        self._state = self._put(b"state", cut.closing)
        self._in_doubt = self._in_doubt and cut.share != EVERYTHING
        pieces = [piece.keys for piece in self._live]
        stated = {} if self._keys is None else self._keys.stated
        closing = {"pieces": pieces, "state": self._state, "covered": covered, **stated}
        self._table[self._closing] = encode_state(closing)
        # What the checkpoint before this one made obsolete goes now: that one is safe by this time.
        for key in self._obsolete:
            self._table.pop(key, None)
        held = {*(key for several in pieces for key in several), *self._state, self._closing}
        self._obsolete = [key for key in (*before, old_closing) if key and key not in held]
        return self._table.take_deliveries()

    def _hold(self, cut: Cut) -> None:
        """Write the pieces of a cut; what it makes obsolete holds no longer."""
        self._round += cut.share.begins
        self._live = [one for one in self._live if not one.obsolete(self._round, cut.share)]
        for place, piece in enumerate(cut.pieces):
            end = cut.share.end if place < len(cut.renewed) else _NO_TURN
            self._live.append(self._piece(self._put(b"%d" % place, piece), end))

    def _piece(self, keys: tuple[bytes, ...], end: int) -> _Piece:
        return _Piece(keys, sum(len(self._table[key]) for key in keys), self._round, end)

    def _put(self, name: bytes, piece: Mapping[str, Any]) -> tuple[bytes, ...]:
        """Write a piece, in parts where one record could not hold it; the keys of the parts."""
        value = encode_state(dict(piece))
        keys: list[bytes] = []
        for start in range(0, len(value), FRAME_BYTES):
            key = self._prefix + b"%d/%d/%s/%d" % (self._term, self._number, name, len(keys))
            self._table[key] = value[start : start + FRAME_BYTES]
            keys.append(key)
        return tuple(keys)
