"""From files to topics: what `gauger publish` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import msgspec

from schemas.codec import decode_facts, decode_feedback
from schemas.errors import InvalidRecord
from schemas.formats import DEFAULT_FORMAT, input_format
from schemas.times import to_rfc3339
from stream.broker.names import TopicNames
from stream.broker.pace import Pace
from stream.broker.playback import Playback
from stream.broker.producer import BatchProducer, TopicWriter
from stream.broker.traffic import KeyedRecording, merged, route
from stream.clock import elapsed, now
from stream.recordings.blocks import Recording, share_read
from stream.recordings.files import read_lines
from stream.replay.files import ReplayFiles
from stream.replay.progress import Display, Position
from stream.replay.summary import counted, short_time
from stream.settings import Settings

_ROWS_A_LOOK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What to publish, and how.

    Attributes:
        recordings: Recorded traffic, merged by event time; `-` is standard input.
        facts: Facts records, published before the traffic.
        feedback: Verdicts on alerts, published before the traffic.
        topic: Where the traffic goes; None: the first request topic of the settings.
        speed: Seconds of event time a second of wall clock time; None: as fast as possible.
        end: Whether the recordings are finished, so that their last epoch closes.
        form: Name of the input format; None: that of the settings, in which workers read.
    """

    recordings: tuple[str, ...]
    facts: str | None = None
    feedback: tuple[str, ...] = ()
    topic: str | None = None
    speed: float | None = None
    end: bool = True
    form: str | None = None


class Published(msgspec.Struct, frozen=True):
    """What was published.

    Attributes:
        ending: `done` or `interrupted`.
        topic: Where the traffic went.
        partitions: Partitions of that topic.
        lines: Lines published.
        bad: Those among them without a readable account and time.
        marks: Marks published, over all partitions.
        facts: Facts records published.
        bad_facts: Lines of the facts file that are none; they are left out.
        feedback: Verdicts published.
        bad_feedback: Lines of the feedback files that are none; they are left out.
        last_time: Latest event time.
        truncated: Recordings that broke off, each told in one line.
        seconds: Wall clock time.
        lines_per_second: Lines by wall clock time.
    """

    ending: Literal["done", "interrupted"]
    topic: str
    partitions: int
    lines: int
    bad: int
    marks: int
    facts: int
    bad_facts: int
    feedback: int
    bad_feedback: int
    last_time: str | None
    truncated: list[str]
    seconds: float
    lines_per_second: float


@dataclass(slots=True)
class _Told:
    """Lines of facts, or of feedback: published, and left out."""

    published: int = 0
    bad: int = 0


def _placed_fact(line: bytes) -> tuple[str, float]:
    record = decode_facts(line)
    return record.account, float(record.time)


def _placed_verdict(line: bytes) -> tuple[str, float]:
    record = decode_feedback(line)
    return record.alert_id, float(record.time)


class _Publication:
    """One run from files to topics."""

    def __init__(
        self, plan: PublishPlan, settings: Settings, producer: BatchProducer, display: Display
    ) -> None:
        names = TopicNames.of(settings.kafka)
        self._plan = plan
        self._producer = producer
        self._display = display
        self._topic = producer.topic(plan.topic or names.requests[0])
        self._facts_topic = producer.topic(names.facts) if plan.facts else None
        self._feedback_topic = producer.topic(names.feedback) if plan.feedback else None
        pace = Pace(plan.speed) if plan.speed else None
        self._playback = Playback(self._topic, settings.epoch, pace, self._idle)
        self._recordings: Sequence[Recording] = ()
        self._keyed: list[KeyedRecording] = []
        form = plan.form or settings.kafka.input_format
        native = form == DEFAULT_FORMAT
        self._decode = None if native else input_format(form, settings.formats)
        self._facts = _Told()
        self._feedback = _Told()

    def run(self, recordings: Sequence[Recording]) -> None:
        """Publish facts and verdicts, then the recordings, then that they have ended."""
        if self._plan.facts and self._facts_topic:
            self._tell(self._plan.facts, self._facts_topic, _placed_fact, self._facts)
        if self._feedback_topic:
            for path in self._plan.feedback:
                self._tell(path, self._feedback_topic, _placed_verdict, self._feedback)
        self._recordings = recordings
        self._keyed = [KeyedRecording(recording, self._decode) for recording in recordings]
        rows = merged(self._keyed)
        while chunk := list(islice(rows, _ROWS_A_LOOK)):
            self._playback.publish(chunk)
            self._look()
        last = self._last_time()
        if last is not None:
            mark = self._playback.mark_end if self._plan.end else self._playback.mark
            mark(last)

    def ship(self) -> None:
        """Deliver all that was published."""
        self._topic.ship()
        self._producer.flush()

    def summary(self, ending: Literal["done", "interrupted"], seconds: float) -> Published:
        """What was published."""
        last = self._last_time()
        lines = self._playback.lines
        return Published(
            ending=ending,
            topic=self._topic.name,
            partitions=self._topic.partitions,
            lines=lines,
            bad=sum(recording.bad for recording in self._keyed),
            marks=self._playback.marks,
            facts=self._facts.published,
            bad_facts=self._facts.bad,
            feedback=self._feedback.published,
            bad_feedback=self._feedback.bad,
            last_time=None if last is None else to_rfc3339(last),
            truncated=[
                f"{recording.name}: {recording.truncated}"
                for recording in self._recordings
                if recording.truncated
            ],
            seconds=round(seconds, 3),
            lines_per_second=round(lines / max(seconds, 1e-9), 1),
        )

    def _tell(
        self,
        path: str,
        topic: TopicWriter,
        place: Callable[[bytes], tuple[str, float]],
        told: _Told,
    ) -> None:
        """Publish a file of facts or verdicts; `place` gives the key and the time of a line."""
        latest = now() // 1_000
        for _, line in read_lines(path):
            try:
                name, time = place(line)
            except InvalidRecord:
                told.bad += 1
                continue
            key, number = route(name)
            milliseconds = min(int(time * 1_000), latest)
            topic.append(number % topic.partitions, milliseconds, key, line)
            told.published += 1
        topic.ship()
        self._producer.flush()

    def _last_time(self) -> int | None:
        times = [recording.time for recording in self._keyed if recording.time is not None]
        return max(times, default=None)

    def _idle(self, seconds: float) -> None:
        self._producer.idle(seconds)
        self._look()

    def _look(self) -> None:
        self._display.show(
            Position(
                requests=self._playback.lines,
                share=share_read(self._recordings),
                watermark=self._last_time(),
            )
        )


def publish_files(plan: PublishPlan, settings: Settings, display: Display) -> Published:
    """Publish recordings; Ctrl-C ends it after the delivery of what was published so far.

    Raises:
        UsageError: A file cannot be opened, or is given twice.
        FailedRun: The broker or a topic cannot be reached, or something was not delivered.
    """
    begin = elapsed()
    ending: Literal["done", "interrupted"] = "done"
    with ExitStack() as stack:
        stack.enter_context(closing(display))
        ReplayFiles(recordings=plan.recordings, facts=plan.facts, feedback=plan.feedback).check()
        recordings = [stack.enter_context(Recording(name)) for name in plan.recordings]
        producer = stack.enter_context(BatchProducer(settings.kafka))
        publication = _Publication(plan, settings, producer, display)
        try:
            publication.run(recordings)
        except KeyboardInterrupt:
            ending = "interrupted"
        publication.ship()
        return publication.summary(ending, elapsed() - begin)


def summary_lines(published: Published) -> Iterator[str]:
    """The summary for a person."""
    if published.ending != "done":
        yield "Interrupted: what follows was published so far."
    until = f" up to {short_time(published.last_time)}" if published.last_time else ""
    yield (
        f"{counted(published.lines, 'line')} to {published.topic} "
        f"({counted(published.partitions, 'partition')}) in {published.seconds:,.1f} s "
        f"({published.lines_per_second:,.0f}/s){until}"
    )
    if published.bad:
        yield f"{published.bad:,} of them have no readable account and time"
    if published.facts or published.bad_facts:
        yield f"{published.facts:,} facts, {counted(published.bad_facts, 'bad line')} left out"
    if published.feedback or published.bad_feedback:
        left_out = counted(published.bad_feedback, "bad line")
        yield f"{counted(published.feedback, 'verdict')}, {left_out} left out"
