"""What an actor of the world has sent: frames, delivered bit by bit, log by log."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.wire.codec import to_frames
from models.wire.protocol import Sent

if TYPE_CHECKING:
    from tests.property.world import World

FINDINGS, CONTROL = "findings", "control"
_FRAME = 6_000
"""Small, so that many messages take several."""


class Outbox:
    """What one actor has sent and not yet delivered, in order for each log."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: dict[str, deque[bytes]] = {}

    def put(self, log: str, frame: bytes) -> None:
        """Send a record."""
        self._waiting.setdefault(log, deque()).append(frame)

    def send(self, sent: Sent) -> None:
        """Send a step's messages."""
        for log, message in _addressed(sent):
            for frame in to_frames(message, _FRAME):
                self.put(log, frame)

    def deliver(self) -> bool:
        """Deliver some records to some logs; whether anything was."""
        busy = [log for log, waiting in self._waiting.items() if waiting]
        for log in self._world.random.sample(busy, len(busy)):
            self._deliver(log, self._world.random.randrange(1, 12))
        return bool(busy)

    def drain(self) -> None:
        """Deliver everything."""
        for log in self._waiting:
            self._deliver(log, len(self._waiting[log]))

    def _deliver(self, log: str, most: int) -> None:
        waiting = self._waiting[log]
        for _ in range(min(most, len(waiting))):
            frame = waiting.popleft()
            again = self._world.random.random() < self._world.odds.repeat
            self._world.logs.setdefault(log, []).extend([frame] * (1 + again))


def _addressed(sent: Sent) -> Iterator[tuple[str, object]]:
    for number, message in sent.accounts:
        yield f"accounts/{number}", message
    for number, tie_message in sent.ties:
        yield f"ties/{number}", tie_message
    for head_message in sent.head:
        yield FINDINGS, head_message
    for source_message in sent.sources:
        yield CONTROL, source_message
