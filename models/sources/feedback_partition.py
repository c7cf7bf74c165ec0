"""Verdicts read from a log: told to the head, which holds them; they hold no epoch open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.wire.protocol import NOTHING, Sent, Standing, Verdicts

PlacedVerdict = tuple[int, int, str, str, int, str]
"""Position, and the fields of a `models.head.verdicts.Verdict`."""


class FeedbackPartition:
    """A source of verdicts behind a log; `name` is the same for whoever reads it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._covered = NOTHING
        self.position = NOTHING

    def read(self, verdicts: Sequence[PlacedVerdict], last: int) -> Sent:
        """Pass verdicts on; `last` is the position of the last record read."""
        self.position = last
        return Sent(head=[self._verdicts(verdicts)] if verdicts else [])

    def _verdicts(self, verdicts: Sequence[PlacedVerdict]) -> Verdicts:
        message = Verdicts(self.name, self._covered, self.position, verdicts)
        self._covered = self.position
        return message

    def tell(self) -> Sent:
        """All that was there at the start has been read: epochs need not wait for it."""
        sent = Sent()
        if self._covered < self.position:
            sent.head.append(self._verdicts(()))
        sent.head.append(Standing(self.name, self.position, None, (), "feedback"))
        return sent

    def dump(self) -> dict[str, Any]:
        """The state as plain values; call `tell` before, and send what it gives."""
        return {"position": self.position}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.position = self._covered = state["position"]
