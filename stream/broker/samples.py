"""Samples of a request topic: some of its records from here and there, without reading all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition

from stream.broker.follow import open_consumer
from stream.broker.marks import read_mark
from stream.broker.options import KafkaOptions

_POLL_MS = 1_000


class Samples:
    """What a topic held when this was made.

    Attributes:
        count: Records retained, marks of publishers included.
    """

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer = consumer
        partitions = [TopicPartition(topic, one) for one in consumer.partitions_for_topic(topic)]
        self._starts: dict[TopicPartition, int] = consumer.beginning_offsets(partitions)
        self._ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
        self._filled = [one for one in partitions if self._starts[one] < self._ends[one]]
        self.count = sum(self._ends[one] - self._starts[one] for one in self._filled)

    @property
    def ends(self) -> dict[int, int]:
        """The offset that the next record of each partition will have."""
        return {one.partition: end for one, end in self._ends.items()}

    @property
    def starts(self) -> dict[int, int]:
        """The offset of the oldest record of each partition."""
        return {one.partition: start for one, start in self._starts.items()}

    def before(self, share: float, count: int) -> list[bytes]:
        """The last `count` requests or so before a point of the topic, from all partitions.

        Args:
            share: The point: 0 where the topic begins, 1 where it ends.
            count: About how many.

        Raises:
            KafkaError: The topic cannot be read.
        """
        ranges: dict[TopicPartition, tuple[int, int]] = {}
        for one in self._filled:
            start, held = self._starts[one], self._ends[one] - self._starts[one]
            end = start + max(1, round(held * share))
            ranges[one] = (max(start, end - max(1, count * held // self.count)), end)
        self._consumer.assign(list(ranges))
        for one, (first, _) in ranges.items():
            self._consumer.resume(one)
            self._consumer.seek(one, first)
        return list(self._read({one: end for one, (_, end) in ranges.items()}))

    def _read(self, ends: dict[TopicPartition, int]) -> Iterator[bytes]:
        unread = dict(ends)
        while unread:
            for one, records in self._consumer.poll(timeout_ms=_POLL_MS).items():
                for record in records:
                    is_mark = not record.value and read_mark(record.headers) is not None
                    if record.offset < ends[one] and not is_mark:
                        yield record.value or b""
            for one in [one for one, end in unread.items() if self._consumer.position(one) >= end]:
                del unread[one]
                self._consumer.pause(one)


@contextmanager
def open_samples(options: KafkaOptions, topic: str) -> Iterator[Samples]:
    """Samples of a topic.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker does not let us in, there is no such topic, or it cannot be read.
    """
    with open_consumer(options, topic, group_id=None) as consumer:
        yield Samples(consumer, topic)
