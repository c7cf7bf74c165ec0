"""Checkpoints: what a partition must write so that its state can be had again.

Each cut writes what has changed since the one before, and renews a share of all else. The shares go
round: where a share is renewed, its pieces of the round before are needed no more, and when every
key has had its turn, neither are the changes from before the round. So no cut is much longer than
another, however large the state is, and what holds is at most twice the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PIECE_ROWS = 700
"""Profiles with names in a piece, which thus stays below half a mebibyte."""

PIECE_BYTES = 400_000
"""Plain records in a piece, bytes."""


MOST_SHARES = 256
"""Cuts in which a round ends, however little changes: what has to be read again stays bounded."""

_ALL_KEYS = 2**64


class Share(NamedTuple):
    """The keys of a state that a cut writes whether or not they have changed.

    Attributes:
        first: The least of them.
        end: The one after the last.
    """

    first: int
    end: int

    @property
    def begins(self) -> bool:
        """Whether a round begins with it."""
        return self.first == 0

    @property
    def ends(self) -> bool:
        """Whether a round ends with it."""
        return self.end == _ALL_KEYS

    def holds(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of the keys belong to it; keys are hashes, so equal shares hold equally many."""
        return (keys >= np.uint64(self.first)) & (keys <= np.uint64(self.end - 1))


EVERYTHING = Share(0, _ALL_KEYS)


class Renewal:
    """Whose turn it is: shares that go round all keys at the pace at which the state changes."""

    def __init__(self) -> None:
        self._next = 0

    def share(self, changed: int, kept: int, *, whole: bool) -> Share:
        """The next share: twice as large a part of all keys as what has changed is of what is kept.

        With `whole` it is all of them, and the round under way ends.
        """
        if whole:
            self._next = 0
            return EVERYTHING
        pace = max(-(-_ALL_KEYS * 2 * changed // max(1, kept)), _ALL_KEYS // MOST_SHARES)
        share = Share(self._next, min(_ALL_KEYS, self._next + pace))
        self._next = 0 if share.ends else share.end
        return share


class Cut(NamedTuple):
    """One consistent cut of a partition's state.

    It is written while the partition goes on: nothing of it may change with the partition.

    Attributes:
        share: What it renews; one that renews everything stands alone.
        renewed: What of the share has not changed: plain values and arrays, each to be written as a
            record of its own.
        changed: What has changed since the last cut, likewise.
        closing: The record that makes the pieces valid; it replaces that of the cut before.
        settled: How many of the messages received since the last cut, from the oldest on, need not
            be read again once the cut is safe.
    """

    share: Share
    renewed: Sequence[dict[str, Any]]
    changed: Sequence[dict[str, Any]]
    closing: dict[str, Any]
    settled: int

    @property
    def pieces(self) -> list[dict[str, Any]]:
        """All of them, the renewed ones first."""
        return [*self.renewed, *self.changed]
