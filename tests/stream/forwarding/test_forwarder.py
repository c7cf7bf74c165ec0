from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schemas.errors import InvalidRecord
from stream.broker.follow import Record
from stream.errors import FailedRun
from stream.forwarding.forwarder import Backoff, Batches, Forwarder
from stream.forwarding.options import ForwardOptions
from stream.sinks import Message, SinkRefused, SinkUnavailable

MINUTE = 60.0
Answer = Callable[[Sequence[bytes], float], None]
"""What a sink does with messages at a time: takes them, or raises."""


class Twin:
    """A source, a sink and a place for what is refused, in memory, with a clock of their own."""

    def __init__(self, values: Sequence[bytes], answer: Answer, *, batch: int, most: int) -> None:
        self.records = [Record(0, offset, value) for offset, value in enumerate(values)]
        self.most = most
        self.now = 0.0
        self.waits: list[float] = []
        self.taken: list[bytes] = []
        self.signs_of_life = 0
        self.refused: list[tuple[int, str]] = []
        self.done_with = 0
        self.stop_at = float("inf")
        self._answer = answer
        self._batch = batch

    def batches(self) -> Batches:
        for begin in range(0, len(self.records), self._batch):
            batch = self.records[begin : begin + self._batch]
            yield batch
            self.done_with = begin + len(batch)

    def hold(self, seconds: float) -> bool:
        if seconds == 0:
            self.signs_of_life += 1
            return True
        self.waits.append(seconds)
        self.now += seconds
        return self.now < self.stop_at

    def send(self, messages: Sequence[Message]) -> None:
        assert 0 < len(messages) <= self.most
        bodies = [message.body for message in messages]
        self._answer(bodies, self.now)
        self.taken += bodies

    def put(self, record: Record, reason: str, _field: str | None) -> None:
        self.refused.append((record.offset, reason))

    def close(self) -> None:
        pass


def parts(record: Record) -> list[Message]:
    """Messages of a record: the parts of its value between commas; a question mark is none."""
    if record.value == b"?":
        raise InvalidRecord("no alert")
    return [Message("", part) for part in record.value.split(b",") if part]


def takes_all(_bodies: Sequence[bytes], _now: float) -> None:
    pass


def forwarded(
    values: Sequence[bytes],
    answer: Answer = takes_all,
    *,
    batch: int = 3,
    most: int = 2,
    stop_at: float = float("inf"),
    **options: float,
) -> tuple[Twin, Forwarder]:
    twin = Twin(values, answer, batch=batch, most=most)
    twin.stop_at = stop_at
    chosen = ForwardOptions(**options)  # type: ignore[arg-type]
    forwarder = Forwarder(twin, parts, twin, twin, chosen, seed=7)
    forwarder.run()
    return twin, forwarder


@given(
    values=st.lists(st.sampled_from([b"a", b"b,c", b"", b"?", b"d,e,f,g"]), max_size=12),
    batch=st.integers(1, 5),
    most=st.integers(1, 5),
)
def test_every_message_comes_once_in_order_to_a_sink_that_takes_all(
    values: list[bytes], batch: int, most: int
) -> None:
    twin, forwarder = forwarded(values, batch=batch, most=most)
    wanted = [part for value in values if value != b"?" for part in value.split(b",") if part]
    assert twin.taken == wanted
    assert [offset for offset, _ in twin.refused] == [
        offset for offset, value in enumerate(values) if value == b"?"
    ]
    assert twin.done_with == len(values)
    assert twin.signs_of_life >= len(wanted) / most
    assert forwarder.done.messages == len(wanted)
    assert forwarder.done.records == len(values)


def test_a_sink_that_is_down_for_a_minute_loses_nothing() -> None:
    def down_for_a_minute(_bodies: Sequence[bytes], now: float) -> None:
        if now < MINUTE:
            raise SinkUnavailable("away")

    with capture_logs() as logged:
        twin, forwarder = forwarded([b"a", b"b", b"c", b"d"], down_for_a_minute)
    assert twin.taken == [b"a", b"b", b"c", b"d"]
    assert MINUTE <= twin.now < 2 * MINUTE
    assert forwarder.done.failures == len(twin.waits) < 12
    assert [entry["event"] for entry in logged] == [
        *["sink_unavailable"] * len(twin.waits),
        "sink_available",
    ]


def test_while_a_sink_is_down_nothing_counts_as_done() -> None:
    def down_after_two(bodies: Sequence[bytes], _now: float) -> None:
        if b"c" in bodies:
            raise SinkUnavailable("away")

    twin, _ = forwarded([b"a", b"b", b"c", b"d"], down_after_two, batch=2, stop_at=MINUTE)
    assert twin.taken == [b"a", b"b"]
    assert twin.done_with == 2


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_waits_double_up_to_the_bound_and_differ_by_chance(seed: int, failures: int) -> None:
    backoff = Backoff(1.0, 60.0, seed)
    waits = [backoff.wait() for _ in range(failures)]
    for failure, wait in enumerate(waits):
        doubled = min(2.0**failure, 60.0)
        assert doubled / 2 <= wait <= doubled
    again = Backoff(1.0, 60.0, seed)
    assert [again.wait() for _ in range(failures)] == waits
    backoff.reset()
    assert backoff.wait() <= 1.0


def test_chance_differs_between_senders() -> None:
    first, second = (Backoff(1.0, 60.0).wait() for _ in range(2))
    assert first != second


def test_a_sink_that_asks_for_time_gets_it_up_to_an_hour() -> None:
    asked = iter([7.0, 100_000.0])

    def asks(_bodies: Sequence[bytes], _now: float) -> None:
        for seconds in asked:
            raise SinkUnavailable("busy", seconds)

    twin, _ = forwarded([b"a"], asks)
    assert twin.waits == [7.0, 3_600.0]
    assert twin.taken == [b"a"]


@given(
    bad=st.sets(st.integers(0, 11), max_size=11), batch=st.integers(1, 12), most=st.integers(1, 6)
)
def test_what_is_refused_is_put_aside_and_the_rest_arrives(
    bad: set[int], batch: int, most: int
) -> None:
    values = [b"%d" % number for number in range(12)]

    def refuses(bodies: Sequence[bytes], _now: float) -> None:
        if any(int(body) in bad for body in bodies):
            raise SinkRefused("malformed")

    twin, forwarder = forwarded(values, refuses, batch=batch, most=most)
    assert twin.taken == [value for value in values if int(value) not in bad]
    assert twin.refused == [(number, "malformed") for number in sorted(bad)]
    assert forwarder.done.refused == len(bad)
    assert twin.done_with == len(values)


def test_a_refused_message_is_tried_a_few_times_only() -> None:
    def refuses(_bodies: Sequence[bytes], _now: float) -> None:
        raise SinkRefused("malformed")

    twin, _ = forwarded([b"a"], refuses, most=1, attempts=4)
    assert len(twin.waits) == 3
    assert all(later > earlier / 2 for earlier, later in pairwise(twin.waits))
    assert twin.refused == [(0, "malformed")]


def test_a_message_that_is_taken_at_last_is_not_put_aside() -> None:
    def refuses_at_first(_bodies: Sequence[bytes], now: float) -> None:
        if now == 0:
            raise SinkRefused("not yet")

    twin, _ = forwarded([b"a"], refuses_at_first)
    assert (twin.taken, twin.refused) == ([b"a"], [])


def test_a_sink_that_refuses_everything_ends_the_run() -> None:
    def refuses(_bodies: Sequence[bytes], _now: float) -> None:
        raise SinkRefused("HTTP 400")

    twin = Twin([b"a"] * 9, refuses, batch=9, most=1)
    options = ForwardOptions(most_refused=3, attempts=1)
    with pytest.raises(FailedRun, match="4 messages in a row: HTTP 400"):
        Forwarder(twin, parts, twin, twin, options).run()
    assert len(twin.refused) == 3
    assert twin.done_with == 0


def test_a_place_for_refused_ones_that_is_away_is_waited_for() -> None:
    class FullAtFirst(Twin):
        def put(self, record: Record, reason: str, field: str | None) -> None:
            if self.now < MINUTE:
                raise SinkUnavailable("disk full")
            super().put(record, reason, field)

    twin = FullAtFirst([b"?", b"a"], takes_all, batch=2, most=1)
    Forwarder(twin, parts, twin, twin, ForwardOptions(), seed=1).run()
    assert twin.refused == [(0, "no alert")]
    assert twin.taken == [b"a"]


def test_a_dead_letter_that_is_refused_ends_the_run() -> None:
    class Small(Twin):
        def put(self, record: Record, reason: str, field: str | None) -> None:
            raise SinkRefused("too large")

    twin = Small([b"?", b"a"], takes_all, batch=2, most=1)
    with pytest.raises(FailedRun, match="a dead letter is refused: too large"):
        Forwarder(twin, parts, twin, twin, ForwardOptions(), seed=1).run()
    assert twin.done_with == 0
