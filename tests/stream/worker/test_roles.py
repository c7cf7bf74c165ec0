"""A role saves its partitions beside their work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from models.checkpoint import Cut
from models.protocol import Forget
from models.wire import to_frames
from stream.worker import roles
from stream.worker.checkpoints import Checkpoints
from stream.worker.roles import Role

PIECES = 30


class Kept(dict[bytes, bytes]):
    on_disk = False

    def take_deliveries(self) -> list[Awaitable[Any]]:
        return []


class Event:
    """A message of the log, as faust hands it over."""

    def __init__(self, number: int) -> None:
        [self.value] = to_frames(Forget(number, ""))
        self.message = SimpleNamespace(partition=0, timestamp=0.0, offset=number, topic="events")
        self.acknowledged = False

    def ack(self) -> None:
        self.acknowledged = True


class Counting:
    """A stage that counts its messages; its state is the count, in many pieces."""

    name = "counting"

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.settled = 0

    def make(self, number: int) -> Counting:
        return self

    async def begin(self, partition: Any) -> None:
        pass

    async def receive(self, partition: Any, message: Any) -> bool:
        self.seen.append(message.account)
        return True

    def cut(self, partition: Any, *, whole: bool) -> Cut:
        settled, self.settled = len(self.seen) - self.settled, len(self.seen)
        pieces = [{"count": len(self.seen)} for _ in range(PIECES)]
        return Cut(whole, pieces, {"count": len(self.seen)}, settled)


class Outbox:
    async def drain(self) -> None:
        pass


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes from each look at the clock to the next."""
    seconds = count()
    told = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr(roles, "time", told)


def run(messages: int) -> tuple[Counting, Kept, list[Event], list[int]]:
    """So many messages without a break; also how many were acknowledged after each."""
    stage, kept, events = Counting(), Kept(), [Event(number) for number in range(1, messages + 1)]
    role = Role(stage, kept, Outbox(), 0.0, lambda _: None)  # type: ignore[arg-type]
    acknowledged: list[int] = []

    async def log() -> AsyncIterator[Event]:
        for event in events:
            yield event
            await asyncio.sleep(0)
            acknowledged.append(sum(one.acknowledged for one in events))

    asyncio.run(role.run(log()))
    return stage, kept, events, acknowledged


def test_messages_are_taken_while_a_checkpoint_is_written() -> None:
    stage, _, _, acknowledged = run(6 * PIECES)
    assert stage.seen == list(range(1, 6 * PIECES + 1))
    first = next(place for place, covered in enumerate(acknowledged) if covered)
    # A piece takes a second here, a quarter of the time is for writing: none is acknowledged before
    # all of its checkpoint is written.
    assert first > PIECES


def test_only_what_a_checkpoint_covers_is_acknowledged() -> None:
    _, kept, events, acknowledged = run(6 * PIECES)
    saved = Checkpoints(kept, 0).read()
    assert saved is not None
    covered = saved.closing["count"]
    assert 0 < acknowledged[-1] <= covered < len(events)
    assert [event.acknowledged for event in events].index(False) == acknowledged[-1]
