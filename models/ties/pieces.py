"""Pieces of a tie partition's checkpoint.

Ties and members by their place, values by their key, since growing moves them; clear values in
order of first sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.wire.arrays import fitted
from models.wire.checkpoint import PIECE_BYTES, PIECE_ROWS

Piece = dict[str, Any]


def by_key(values: NDArray[np.void]) -> NDArray[np.void]:
    """Records in the order of their keys."""
    ordered: NDArray[np.void] = values[np.argsort(values["key"])]
    return ordered


def value_pieces(values: NDArray[np.void], since: int) -> list[Piece]:
    """The values that were last shown in this epoch or later."""
    rows = np.flatnonzero((values["epoch"] >= since) & (values["key"] != 0))
    return [{"values": values[part]} for part in _parts(rows, values.itemsize)]


def record_pieces(name: str, records: NDArray[np.void], changed: NDArray[np.bool_]) -> list[Piece]:
    """The changed records with their places."""
    rows = np.flatnonzero(changed)
    return [{name: records[part], "places": part} for part in _parts(rows, records.itemsize)]


def _parts(rows: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    step = PIECE_BYTES // size
    return (rows[start : start + step] for start in range(0, len(rows), step))


def place_records(piece: Mapping[str, Any], into: Mapping[str, NDArray[np.void]]) -> None:
    """Put the records of a piece, if it holds any, into their places."""
    for name, records in into.items():
        if name in piece:
            records[piece["places"]] = fitted(piece[name], records.dtype)


def clear_pieces(clear: Mapping[int, str], start: int) -> list[Piece]:
    """Values that may be shown, from the given one on in order of first sight."""
    added = list(clear.items())[start:]
    return [
        {"clear": dict(added[first : first + PIECE_ROWS])}
        for first in range(0, len(added), PIECE_ROWS)
    ]
