"""Which of the latest things were there before, in bounded memory."""

from __future__ import annotations


class RecentIds:
    """The latest ids of a stream.

    Args:
        most: How many are remembered; the one seen longest ago is forgotten first.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._ids: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def is_new(self, one: str) -> bool:
        """Whether an id was not among the latest; now it is."""
        new = one not in self._ids
        if not new:
            del self._ids[one]
        self._ids[one] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
        return new
