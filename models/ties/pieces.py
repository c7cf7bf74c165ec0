"""Pieces of a tie partition's checkpoint.

Ties and members by their place, values by their key, since growing moves them; clear values in
order of first sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.wire.arrays import fitted
from models.wire.checkpoint import PIECE_BYTES, PIECE_ROWS, Renewal, Share

Piece = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """All records of one kind, as a cut sees them.

    Attributes:
        name: `values`, `ties` or `members`.
        records: The records; a value without a key is none.
        count: How many there are.
        key: Column of the hash that says whose turn a record is.
        epoch: Column of the epoch in which it changed last.
        placed: Whether a record is found by its place.
    """

    name: str
    records: NDArray[np.void]
    count: int
    key: str
    epoch: str
    placed: bool = True

    def changed(self, since: int) -> NDArray[np.bool_]:
        """Which records have changed in this epoch or later."""
        changed: NDArray[np.bool_] = self.records[self.epoch] >= since
        return changed if self.placed else changed & (self.records[self.key] != 0)

    def due(self, share: Share) -> NDArray[np.bool_]:
        """Which records belong to the share."""
        keys = self.records[self.key]
        return share.holds(keys) if self.placed else share.holds(keys) & (keys != 0)

    def pieces(self, chosen: NDArray[np.bool_]) -> Iterator[Piece]:
        """The chosen records, with their places."""
        for part in _parts(np.flatnonzero(chosen), self.records.itemsize):
            places = {"places": part} if self.placed else {}
            yield {self.name: self.records[part], **places}


class Pieces(NamedTuple):
    """Whose turn it is, what of that has not changed, and what has changed of anything."""

    share: Share
    renewed: list[Piece]
    changed: list[Piece]


def kept_pieces(kept: Sequence[Kept], since: int, renewal: Renewal, *, whole: bool) -> Pieces:
    """Pieces of records that have changed since that epoch, and of those whose turn it is."""
    changed = [one.changed(since) for one in kept]
    sizes = [one.records.itemsize for one in kept]
    share = renewal.share(
        sum(int(rows.sum()) * size for rows, size in zip(changed, sizes, strict=True)),
        sum(one.count * size for one, size in zip(kept, sizes, strict=True)),
        whole=whole,
    )
    several = list(zip(kept, changed, strict=True))
    return Pieces(
        share,
        [piece for one, rows in several for piece in one.pieces(one.due(share) & ~rows)],
        [piece for one, rows in several for piece in one.pieces(rows)],
    )


def _parts(rows: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    step = PIECE_BYTES // size
    return (rows[start : start + step] for start in range(0, len(rows), step))


def place_records(piece: Mapping[str, Any], into: Mapping[str, NDArray[np.void]]) -> None:
    """Put the records of a piece, if it holds any, into their places."""
    for name, records in into.items():
        if name in piece:
            records[piece["places"]] = fitted(piece[name], records.dtype)


def add_clear(pieces: Pieces, clear: Mapping[int, str], start: int) -> None:
    """Values that may be shown: new from the given one on in order of first sight."""
    values = list(clear.items())
    first, end = pieces.share
    pieces.renewed.extend(_clear_pieces([one for one in values[:start] if first <= one[0] < end]))
    pieces.changed.extend(_clear_pieces(values[start:]))


def _clear_pieces(added: Sequence[tuple[int, str]]) -> list[Piece]:
    return [
        {"clear": dict(added[first : first + PIECE_ROWS])}
        for first in range(0, len(added), PIECE_ROWS)
    ]


def by_key(values: NDArray[np.void]) -> NDArray[np.void]:
    """The values in the order of their keys, as their places depend on when there was room."""
    ordered: NDArray[np.void] = values[np.argsort(values["key"])]
    return ordered
