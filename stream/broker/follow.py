"""Records of a topic as they come: alone to its end or on and on, or as a member of a group."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, NamedTuple

import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import (
    CommitFailedError,
    KafkaError,
    KafkaTimeoutError,
    RebalanceInProgressError,
)

from stream.broker.options import KafkaOptions
from stream.broker.reach import require_broker
from stream.broker.security import kafka_python_arguments
from stream.clock import elapsed
from stream.errors import FailedRun

_POLL_MS = 500
# A member that is given up has handled no more than these in vain.
_MOST_POLLED = 100
_PATIENCE_MS = 10_000
# Far less than the five minutes after which a group gives up a member that does not poll.
_LATELY_SECONDS = 20.0

_log = structlog.get_logger()


class Record(NamedTuple):
    """A record, and where it stands in its topic; `past` if a group had handled it before."""

    partition: int
    offset: int
    value: bytes
    past: bool = False


Records = Generator[Record, None, None]
"""Records one by one; closing it leaves the broker."""


def read_topic(
    options: KafkaOptions,
    topic: str,
    *,
    from_beginning: bool = True,
    forever: bool = False,
    stop: Event | None = None,
) -> Records:
    """Records of all partitions, in the order of each.

    Args:
        options: Where the topic is and how to log in.
        topic: An existing topic.
        from_beginning: Start with the oldest record, not with the next.
        forever: Wait for more at the end that the topic has now.
        stop: Ends it, at the latest half a second after it was set.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker does not let us in, or the topic cannot be read.
    """
    with open_consumer(options, topic, group_id=None) as consumer:
        partitions = [TopicPartition(topic, one) for one in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        if from_beginning:
            consumer.seek_to_beginning(*partitions)
        else:
            consumer.seek_to_end(*partitions)
        ends = consumer.end_offsets(partitions)
        while forever or any(consumer.position(one) < ends[one] for one in partitions):
            if stop is not None and stop.is_set():
                return
            for polled in consumer.poll(timeout_ms=_POLL_MS).values():
                yield from map(_record, polled)


def read_as_member(
    options: KafkaOptions,
    topic: str,
    group: str,
    *,
    from_beginning: bool = False,
    stop: Event | None = None,
) -> Records:
    """Records of the partitions that a group leaves to this member, for ever, each at least once.

    A record counts as handled when the next one is asked for; only then its offset is committed.

    Args:
        options: Where the topic is and how to log in.
        topic: An existing topic.
        group: Members of the same group share the partitions.
        from_beginning: Where a new group starts: with the oldest record, or with the next.
        stop: As in `read_topic`.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker does not let us in, or the topic cannot be read.
    """
    reset = "earliest" if from_beginning else "latest"
    with open_consumer(options, topic, group_id=group, auto_offset_reset=reset) as consumer:
        consumer.subscribe([topic])
        membership = Membership(consumer, topic)
        try:
            while stop is None or not stop.is_set():
                for record in membership.poll():
                    yield record
                    membership.handled(record)
                membership.commit()
        finally:
            membership.commit()


class Membership:
    """What a member of a group has handled and not yet committed.

    Args:
        consumer: A consumer that is subscribed to one topic.
        topic: The topic.
        from_oldest: Whether a partition is read from its oldest record on, also where the group
            has come further: those records are `past`.
    """

    def __init__(self, consumer: Any, topic: str, *, from_oldest: bool = False) -> None:
        self._consumer = consumer
        self._topic = topic
        self._from_oldest = from_oldest
        self._starts: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self._polled = elapsed()

    def poll(self) -> list[Record]:
        """Records of one poll."""
        polled = self._consumer.poll(timeout_ms=_POLL_MS, max_records=_MOST_POLLED)
        self._polled = elapsed()
        self._note_starts(polled)
        return [
            _record(record, past=record.offset < self._starts.get(partition, 0))
            for partition, records in polled.items()
            for record in records
        ]

    def handled(self, record: Record) -> None:
        """Note that a record is done with, and those before it in its partition."""
        if not record.past:
            self._handled[TopicPartition(self._topic, record.partition)] = record.offset + 1

    def hold(self, seconds: float, stop: Event) -> None:
        """Stay a member for some seconds without taking a record; less when `stop` is set.

        With no seconds, nothing is done as long as the group has heard of us lately.
        """
        if not seconds and elapsed() - self._polled < _LATELY_SECONDS:
            return
        # A poll without time would begin to deal the partitions anew, and not end it.
        deadline = elapsed() + max(seconds, _POLL_MS / 1_000)
        while (left := deadline - elapsed()) > 0 and not stop.is_set():
            # The group may deal its partitions anew meanwhile.
            self._consumer.pause(*self._consumer.assignment())
            polled = self._consumer.poll(timeout_ms=min(_POLL_MS, round(left * 1_000)))
            for partition, records in polled.items():
                self._consumer.seek(partition, records[0].offset)
        self._polled = elapsed()
        self._consumer.resume(*self._consumer.paused())

    def commit(self) -> None:
        """Commit what was handled, of the partitions that are still ours."""
        ours = self._consumer.assignment()
        offsets = {
            partition: OffsetAndMetadata(offset, "", -1)
            for partition, offset in self._handled.items()
            if partition in ours
        }
        self._handled = {}
        if not offsets:
            return
        try:
            self._consumer.commit(offsets, timeout_ms=_PATIENCE_MS)
        except (KafkaTimeoutError, RebalanceInProgressError) as error:
            # Tried again with the next, if the partitions are still ours then.
            self._handled = {one: offset.offset for one, offset in offsets.items()}
            _log.warning("offsets not committed yet", reason=type(error).__name__)
        except CommitFailedError as error:
            # Whoever has the partitions next reads again what is not committed.
            _log.warning("offsets not committed", reason=type(error).__name__)

    def _note_starts(self, polled: dict[TopicPartition, list[Any]]) -> None:
        """A group that never committed would start at the end again: commit where it starts."""
        ours: set[TopicPartition] = self._consumer.assignment()
        self._starts = {one: start for one, start in self._starts.items() if one in ours}
        for partition in ours - self._starts.keys():
            records = polled.get(partition)
            start = records[0].offset if records else self._consumer.position(partition)
            self._starts[partition] = self._handled[partition] = start
            if self._from_oldest:
                polled.pop(partition, None)
                self._consumer.seek_to_beginning(partition)


@contextmanager
def open_consumer(options: KafkaOptions, topic: str, **arguments: Any) -> Iterator[Any]:
    """A consumer that is not assigned anything yet.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker does not let us in, there is no such topic, or it cannot be read.
    """
    require_broker(options)
    try:
        consumer = KafkaConsumer(
            **kafka_python_arguments(options),
            **arguments,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
        )
        try:
            if not consumer.partitions_for_topic(topic):
                text = f"{options.bootstrap_servers} has no topic {topic}"
                raise FailedRun(f"{text}; gauger topics creates what is missing")
            yield consumer
        finally:
            consumer.close(timeout_ms=_PATIENCE_MS)
    except KafkaError as error:
        text = " ".join(str(error).split())
        raise FailedRun(f"{topic} cannot be read: {text}") from error


def _record(record: Any, *, past: bool = False) -> Record:
    return Record(record.partition, record.offset, record.value or b"", past)
