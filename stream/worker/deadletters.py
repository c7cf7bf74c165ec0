"""Dead letters: refused records with where they came from, and when there are too many of them."""

from __future__ import annotations

from collections import deque

from aiokafka import TopicPartition

from schemas.errors import InvalidRecord
from stream.broker.names import TopicNames
from stream.errors import FailedRun
from stream.worker.outbox import Outbox

_WINDOW = 10_000
_MOST_BAD = 0.5


class DeadLetters:
    """The dead letter topic, and the limit beyond which a stream is not what it should be.

    Args:
        outbox: What sends.
        names: Topics.
    """

    def __init__(self, outbox: Outbox, names: TopicNames) -> None:
        self._outbox = outbox
        self._topic = names.dead_letters
        self._recent: deque[tuple[int, int]] = deque()
        self._read = 0
        self._bad = 0

    async def refuse(
        self, source: TopicPartition, offset: int, record: bytes, error: InvalidRecord
    ) -> None:
        """Send a refused record on."""
        headers = [
            ("topic", source.topic.encode()),
            ("partition", b"%d" % source.partition),
            ("offset", b"%d" % offset),
            ("reason", error.reason.encode("utf-8", "replace")),
            ("field", (error.field or "").encode("utf-8", "replace")),
        ]
        await self._outbox.publish(self._topic, record, headers=headers)

    def count(self, read: int, bad: int) -> None:
        """Note how many records were read, and of how many of them nothing could be used.

        Raises:
            FailedRun: Half of the last 10,000 records are bad.
        """
        self._recent.append((read, bad))
        self._read += read
        self._bad += bad
        while self._read - self._recent[0][0] >= _WINDOW:
            gone = self._recent.popleft()
            self._read -= gone[0]
            self._bad -= gone[1]
        if self._read >= _WINDOW and self._bad >= _MOST_BAD * self._read:
            raise FailedRun(
                f"{self._bad:,} of the last {self._read:,} records are bad: see the topic"
                f" {self._topic}, and whether kafka.input_format is right"
            )
