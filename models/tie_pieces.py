"""Pieces of a tie partition's checkpoint: records by their place, values that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import fitted
from models.checkpoint import PIECE_BYTES, PIECE_ROWS

Piece = dict[str, Any]


def record_pieces(name: str, records: NDArray[np.void], changed: NDArray[np.bool_]) -> list[Piece]:
    """The changed records among those that have a key or need none."""
    if name == "values":
        changed = changed & (records["key"] != 0)
    rows = np.flatnonzero(changed)
    size = PIECE_BYTES // records.itemsize
    parts = (rows[start : start + size] for start in range(0, len(rows), size))
    return [{name: records[part], "places": part} for part in parts]


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
