"""Which pieces of cuts hold, told anew: what the checkpoints of the worker must agree with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from models.wire.checkpoint import Cut, Share

T = TypeVar("T")


class Rounds(Generic[T]):
    """Pieces in the order of their cuts; what is known to be older than the rounds has no share."""

    def __init__(self, pieces: Iterable[T] = ()) -> None:
        self._before: list[tuple[Share | None, T]] = [(None, piece) for piece in pieces]
        self._now: list[tuple[Share | None, T]] = []

    @property
    def pieces(self) -> list[T]:
        return [piece for _, piece in (*self._before, *self._now)]

    def take(self, cut: Cut, pieces: Iterable[T]) -> None:
        """Take a cut, its pieces in a form of the caller's."""
        if cut.share.begins:
            self._before, self._now = [*self._before, *self._now], []
        for place, piece in enumerate(pieces):
            self._now.append((cut.share if place < len(cut.renewed) else None, piece))
        self._before = [
            (share, piece)
            for share, piece in self._before
            if not cut.share.ends and (share is None or share.end > cut.share.end)
        ]
