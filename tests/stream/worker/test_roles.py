"""A role's log and its checkpoints: what is lost, or of a later release, ends the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from structlog.testing import capture_logs

from models.wire import codec
from models.wire.checkpoint import EVERYTHING, Cut
from models.wire.codec import to_frames
from models.wire.protocol import Progress
from stream.errors import FailedRun
from stream.monitoring.metrics import StageMetrics
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.roles import Role

LOG = TP("gauger.events", 0)


class Table(dict[bytes, bytes]):
    """A table in memory."""

    def take_deliveries(self) -> list[Awaitable[Any]]:
        return []


@dataclass
class Counting:
    """A stage that counts messages, and may be cut after each."""

    name: str = "accounts"
    count: int = 0
    received: list[int] = field(default_factory=list)
    unsettled: int = 0

    def make(self, number: int) -> Counting:
        return self

    def restore(self, closing: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> None:
        self.count = closing["count"]

    async def begin(self, partition: Counting) -> None:
        pass

    async def receive(self, partition: Counting, message: Progress) -> bool:
        self.count += 1
        self.unsettled += 1
        self.received.append(message.epoch)
        return True

    def cut(self, partition: Counting, *, whole: bool) -> Cut:
        settled, self.unsettled = self.unsettled, 0
        return Cut(EVERYTHING, [{}], [], {"count": self.count}, settled)


class Log:
    """A log that faust reads from an offset on; what is acknowledged."""

    def __init__(self, records: Sequence[bytes], *, rebalancing: bool = False) -> None:
        self.records = records
        self.rebalancing = rebalancing
        self.acknowledged: list[int] = []

    async def events(self, offsets: Iterable[int]) -> AsyncIterator[Any]:
        app = SimpleNamespace(
            consumer=SimpleNamespace(highwater=lambda _: len(self.records)),
            rebalancing=self.rebalancing,
        )
        for offset in offsets:
            message = SimpleNamespace(
                topic=LOG.topic, partition=0, offset=offset, tp=LOG, timestamp=0.0, value=None
            )
            yield SimpleNamespace(
                message=message,
                value=self.records[offset],
                app=app,
                ack=partial(self.acknowledged.append, offset),
            )
            # What was saved is acknowledged by a task of its own.
            await asyncio.sleep(0)
            await asyncio.sleep(0)


class NoOutbox:
    """Nothing is sent."""

    async def drain(self) -> None:
        pass


def run(log: Log, table: Table, offsets: Iterable[int]) -> Counting:
    """The stage after a process has read these offsets, saving after each."""
    stage, failures = Counting(), list[BaseException | None]()
    role = Role(
        stage,
        table,  # type: ignore[arg-type]
        NoOutbox(),  # type: ignore[arg-type]
        0.0,
        failures.append,
        StageMetrics(),
        StateKeys(Settings()),
    )
    asyncio.run(role.run(log.events(offsets)))
    assert not failures
    return stage


def frames(count: int) -> list[bytes]:
    return [frame for epoch in range(count) for frame in to_frames(Progress(epoch))]


def test_a_log_goes_on_where_its_checkpoint_ends_or_before() -> None:
    log, table = Log(frames(6)), Table()
    assert run(log, table, range(3)).received == [0, 1, 2]
    assert log.acknowledged == [0, 1, 2]
    assert run(log, table, range(2, 6)).count == 7


@pytest.mark.parametrize(
    ("held", "read", "told"),
    [
        ("state", range(4, 6), "what is left begins at 4"),
        ("pieces", range(3, 6), "pieces of its state are missing"),
        ("damage", range(3, 6), "its state cannot be read"),
    ],
)
def test_what_is_missing_between_state_and_log_ends_the_process(
    held: str, read: Iterable[int], told: str
) -> None:
    log, table = Log(frames(6)), Table()
    run(log, table, range(3))
    for key in [key for key in table if held == "pieces" and key.endswith(b"/0/0")]:
        del table[key]
    for key in [key for key in table if held == "damage" and b"state" in key]:
        table[key] = table[key][:-1] + b"\0"
    with capture_logs() as logs, pytest.raises(FailedRun, match=told):
        run(log, table, read)
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["state_lost"]


def test_without_a_checkpoint_a_log_may_begin_anywhere() -> None:
    log = Log(frames(6))
    assert run(log, Table(), range(2, 6)).received == [2, 3, 4, 5]


def test_what_is_passed_over_while_partitions_are_dealt_anew_is_not_lost() -> None:
    table = Table()
    run(Log(frames(6)), table, range(3))
    assert run(Log(frames(6), rebalancing=True), table, (4, 5)).received == [4, 5]
    with pytest.raises(FailedRun, match="what is left begins at"):
        run(Log(frames(9)), table, (8,))


def test_a_log_that_was_made_anew_is_not_read_as_the_old_one() -> None:
    table = Table()
    run(Log(frames(5)), table, range(5))
    with pytest.raises(FailedRun, match="covers it up to offset 5, and it ends at 2"):
        run(Log(frames(2)), table, range(2))


def test_what_is_unreadable_is_left_out_and_covered_with_what_follows() -> None:
    records = frames(4)
    records[1] = records[2] = b"garbage"
    log, table = Log(records), Table()
    with capture_logs() as logs:
        assert run(log, table, range(3)).received == [0]
    assert [one["offset"] for one in logs if one["event"] == "message_unreadable"] == [1, 2]
    assert log.acknowledged == [0]
    assert run(log, table, range(1, 4)).received == [3]
    assert sorted(log.acknowledged) == [0, 1, 2, 3]


def test_a_message_of_a_later_release_is_left_to_whoever_can_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as later:
        later.setattr(codec, "WIRE_VERSION", codec.WIRE_VERSION + 1)
        newer = frames(2)[1]
    log = Log([frames(1)[0], newer])
    with capture_logs() as logs, pytest.raises(FailedRun, match="upgrade this worker"):
        run(log, Table(), range(2))
    assert [one["offset"] for one in logs if one["event"] == "newer_release"] == [1]
    assert log.acknowledged == [0]
