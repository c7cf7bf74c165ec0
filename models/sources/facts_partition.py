"""Facts read from a log: dealt to the account partitions; they hold no epoch open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.wire.protocol import NOTHING, Facts, Sent, Standing

Fact = tuple[int, int, int, Mapping[str, int]]
"""Position, account, event time in microseconds, columns of the profile."""


class FactsPartition:
    """A source of facts behind a log.

    Args:
        name: The source, the same for whoever reads it.
        partitions: How many account partitions there are.
    """

    def __init__(self, name: str, partitions: int) -> None:
        self.name = name
        self._partitions = partitions
        self._covered = [NOTHING] * partitions
        self.position = NOTHING

    def read(self, facts: Sequence[Fact], last: int) -> Sent:
        """Deal facts out; `last` is the position of the last record read."""
        by_partition: dict[int, list[Fact]] = {}
        for fact in facts:
            by_partition.setdefault(fact[1] % self._partitions, []).append(fact)
        self.position = last
        sent = Sent()
        for number, several in sorted(by_partition.items()):
            sent.accounts.append((number, self._facts(number, several)))
        return sent

    def _facts(self, number: int, facts: Sequence[Fact]) -> Facts:
        message = Facts(self.name, self._covered[number], self.position, facts)
        self._covered[number] = self.position
        return message

    def tell(self) -> Sent:
        """All that was there at the start has been read: epochs need not wait for it."""
        sent = Sent()
        for number, covered in enumerate(self._covered):
            if covered < self.position:
                sent.accounts.append((number, self._facts(number, ())))
        sent.head.append(Standing(self.name, self.position, None, (), "facts"))
        return sent

    def dump(self) -> dict[str, Any]:
        """The state as plain values; call `tell` before, and send what it gives."""
        return {"position": self.position}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.position = state["position"]
        self._covered = [self.position] * self._partitions
