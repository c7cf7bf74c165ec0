"""Checkpoints: what a partition must write so that its state can be had again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PIECE_ROWS = 700
"""Profiles with names in a piece, which thus stays below half a mebibyte."""

PIECE_BYTES = 400_000
"""Plain records in a piece, bytes."""


class Cut(NamedTuple):
    """One consistent cut of a partition's state.

    It is written while the partition goes on: nothing of it may change with the partition.

    Attributes:
        whole: It stands alone; else it adds to the cuts since the last whole one.
        pieces: Plain values and arrays, each to be written as a record of its own.
        closing: The record that makes the pieces valid; it replaces that of the cut before.
        settled: How many of the messages received since the last cut, from the oldest on, need not
            be read again once the cut is safe.
    """

    whole: bool
    pieces: Sequence[dict[str, Any]]
    closing: dict[str, Any]
    settled: int
