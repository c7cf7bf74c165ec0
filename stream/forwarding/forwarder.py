"""Moving alerts into a sink: nothing is passed over until the sink has it or has refused it."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import NamedTuple, Protocol

import msgspec
import structlog

from schemas.errors import InvalidRecord
from stream.broker.follow import Record
from stream.errors import FailedRun
from stream.forwarding.options import ForwardOptions
from stream.forwarding.refused import Refused
from stream.forwarding.watch import ForwardWatch
from stream.sinks import Message, Sink, SinkRefused, SinkUnavailable

_LONGEST_ASKED_SECONDS = 3_600.0
_LEAST_JITTER = 0.5

_log = structlog.get_logger()

Translate = Callable[[Record], list[Message]]
"""What to send of a record; raises `InvalidRecord` for one that is no alert."""

Batches = Generator[Sequence[Record], None, None]
"""Records in batches; asking for the next says that the last is done with."""


class Source(Protocol):
    """Where records come from."""

    def batches(self) -> Batches:
        """All records; ends when there are no more, or the run is to stop."""

    def hold(self, seconds: float) -> bool:
        """Let some seconds pass without losing the source; whether the run goes on."""


class Forwarded(msgspec.Struct):
    """What a run has done so far.

    Attributes:
        records: Records read, repeated ones included.
        messages: Messages that the sink has.
        refused: Records put aside: no alerts, or refused by the sink.
        failures: Times that the sink was not available.
    """

    records: int = 0
    messages: int = 0
    refused: int = 0
    failures: int = 0


class Stopped(Exception):
    """The run is to stop before all was sent: what was not comes again."""


class Backoff:
    """Waits that double up to a bound, each shortened at random so that senders drift apart.

    Args:
        first: Seconds of the first wait, before chance.
        longest: The bound.
        seed: Of chance; None: another each time.
    """

    def __init__(self, first: float, longest: float, seed: int | None = None) -> None:
        self._first = first
        self._longest = longest
        self._random = random.Random(seed)  # noqa: S311 - nothing secret depends on it
        self.failures = 0

    def wait(self, asked: float | None = None) -> float:
        """Seconds to wait after one more failure; what the sink asked for is kept to an hour."""
        doubled = self._first * 2.0 ** min(self.failures, 32)
        self.failures += 1
        ours = min(doubled, self._longest) * self._random.uniform(_LEAST_JITTER, 1.0)
        return max(ours, min(asked or 0.0, _LONGEST_ASKED_SECONDS))

    def reset(self) -> None:
        """The sink is back."""
        self.failures = 0


class _Letter(NamedTuple):
    """A message, and the record that it says."""

    record: Record
    message: Message


class Forwarder:
    """Sends what records say, patiently.

    Args:
        source: Where the records come from.
        translate: What to send of each.
        sink: Where to.
        refused: Where those go that cannot be sent.
        options: How patiently.
        watch: Is told what becomes of it.
        seed: Of the chance in waits; None: another each time.
    """

    def __init__(
        self,
        source: Source,
        translate: Translate,
        sink: Sink,
        refused: Refused,
        options: ForwardOptions,
        *,
        watch: ForwardWatch | None = None,
        seed: int | None = None,
    ) -> None:
        self._watch = watch or ForwardWatch()
        self._source = source
        self._translate = translate
        self._sink = sink
        self._refused = refused
        self._options = options
        waits = options.first_wait_seconds, options.longest_wait_seconds
        self._backoff = Backoff(*waits, seed)
        self._second_thoughts = Backoff(*waits, seed)
        self._refused_in_row = 0
        self.done = Forwarded()

    def run(self) -> None:
        """Send all records, until there are no more or the run is to stop.

        Raises:
            FailedRun: The source breaks off, or so many messages were refused in a row that the
                sink or the format must be wrong.
        """
        with closing(self._source.batches()) as batches:
            try:
                for batch in batches:
                    self._forward(batch)
            except Stopped:
                return

    def _forward(self, batch: Sequence[Record]) -> None:
        letters = []
        self._watch.metrics.records.inc(len(batch))
        for record in batch:
            self.done.records += 1
            try:
                letters += [_Letter(record, message) for message in self._translate(record)]
            except InvalidRecord as refusal:
                self._put_aside(record, refusal.reason, refusal.field)
        most = self._sink.most
        for begin in range(0, len(letters), most):
            self._deliver(letters[begin : begin + most])
            # However slow the sink is, the source must see that we are alive.
            self._source.hold(0)

    def _deliver(self, letters: Sequence[_Letter]) -> None:
        """Send letters; where some are refused together, each by itself."""
        try:
            self._insist(lambda: self._sink.send([letter.message for letter in letters]))
        except SinkRefused as refusal:
            if len(letters) == 1:
                self._deliver_refused(letters[0], refusal)
                return
            for letter in letters:
                self._deliver([letter])
        else:
            self._count(len(letters))

    def _deliver_refused(self, letter: _Letter, refusal: SinkRefused) -> None:
        """Try a refused letter as often as it may be, then put its record aside."""
        self._second_thoughts.reset()
        for _ in range(1, self._options.attempts):
            self._hold(self._second_thoughts.wait())
            try:
                self._insist(lambda: self._sink.send([letter.message]))
            except SinkRefused as again:
                refusal = again
            else:
                self._count(1)
                return
        self._refused_in_row += 1
        if self._refused_in_row > self._options.most_refused:
            text = f"the sink refused {self._refused_in_row} messages in a row: {refusal.reason}"
            raise FailedRun(f"{text}; is the format right?")
        self._put_aside(letter.record, refusal.reason, None)

    def _count(self, taken: int) -> None:
        self._refused_in_row = 0
        self.done.messages += taken
        self._watch.metrics.messages.inc(taken)

    def _put_aside(self, record: Record, reason: str, field: str | None) -> None:
        _log.warning(
            "alert_refused",
            partition=record.partition,
            offset=record.offset,
            reason=reason,
            field=field,
        )
        try:
            self._insist(lambda: self._refused.put(record, reason, field))
        except SinkRefused as refusal:
            raise FailedRun(f"a dead letter is refused: {refusal.reason}") from refusal
        self.done.refused += 1
        self._watch.metrics.refused.inc()

    def _insist(self, act: Callable[[], None]) -> None:
        """Act until it works, however long that takes.

        Raises:
            SinkRefused: It never will.
            Stopped: The run is to stop.
        """
        while True:
            self._watch.pulse.beat(self._options.timeout_seconds)
            try:
                act()
            except SinkUnavailable as failure:
                self.done.failures += 1
                self._watch.sink_away = True
                self._watch.metrics.failures.inc()
                seconds = self._backoff.wait(failure.retry_after)
                _log.warning(
                    "sink_unavailable",
                    reason=failure.reason,
                    failures=self._backoff.failures,
                    wait_seconds=round(seconds, 1),
                )
                self._hold(seconds)
            else:
                if self._backoff.failures:
                    _log.info("sink_available", failures=self._backoff.failures)
                self._backoff.reset()
                self._watch.sink_away = False
                return

    def _hold(self, seconds: float) -> None:
        self._watch.pulse.beat(seconds)
        if not self._source.hold(seconds):
            raise Stopped
