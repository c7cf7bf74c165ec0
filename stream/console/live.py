"""A deployment at work into the book: its topics, from their oldest record on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Event

import numpy as np
import structlog

from models.wire.codec import Assembler, read_frame
from models.wire.protocol import NOTHING, Forget, Rows
from schemas.codec import decode_alert, decode_facts, decode_feedback, decode_score
from schemas.errors import InvalidRecord
from stream.broker.follow import Record, Records, read_topic
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.console.book import Book

_log = structlog.get_logger()

Follower = Callable[[Event], None]
"""Reads a topic until the event is set."""


class RowsReader:
    """Rows as ingest deals them out, each once however often it is sent."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._assemblers: dict[int, Assembler] = {}
        self._covered: dict[tuple[int, str], int] = {}

    def add(self, record: Record) -> None:
        """Take a record of the topic `events`.

        Raises:
            InvalidRecord: It is none of ours.
        """
        assembler = self._assemblers.setdefault(record.partition, Assembler())
        message = assembler.add(read_frame(record.value))
        match message:
            case Rows():
                self._add_rows(record.partition, message)
            case Forget():
                self._book.forget(message.name)

    def _add_rows(self, partition: int, rows: Rows) -> None:
        place = partition, rows.source
        covered = self._covered.get(place, NOTHING)
        self._covered[place] = max(covered, rows.position)
        batch = rows.batch
        if batch is None or not len(batch) or rows.position <= covered:
            return
        if int(batch.position.min()) <= covered:
            batch = batch.take(np.flatnonzero(batch.position > covered))
        self._book.add_batch(batch)


def followers(options: KafkaOptions, book: Book) -> list[Follower]:
    """What follows each topic, on and on; each in a thread of its own.

    Traffic is looked at after the alerts that there are: they say whose ties to watch.
    """
    names, rows = TopicNames.of(options), RowsReader(book)

    def score(record: Record) -> None:
        # A compacted topic also has records without a value: scores that were withdrawn.
        if record.value:
            book.add_score(record.value, decode_score(record.value))

    takers: dict[str, Callable[[Record], object]] = {
        names.alerts: lambda record: book.add_alert(decode_alert(record.value)),
        names.feedback: lambda record: book.add_verdict(decode_feedback(record.value)),
        names.facts: lambda record: book.add_facts(decode_facts(record.value)),
        names.account_scores: score,
        names.events: rows.add,
    }
    return [_following(options, topic, take) for topic, take in takers.items()]


def read_alerts_so_far(options: KafkaOptions, book: Book) -> None:
    """Read the alerts that there are.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker does not let us in, or the topic cannot be read.
    """
    topic = TopicNames.of(options).alerts
    _take(read_topic(options, topic), lambda one: book.add_alert(decode_alert(one.value)))


def _following(options: KafkaOptions, topic: str, take: Callable[[Record], object]) -> Follower:
    return lambda stop: _take(read_topic(options, topic, forever=True, stop=stop), take)


def _take(records: Records, take: Callable[[Record], object]) -> None:
    with closing(records):
        for record in records:
            try:
                take(record)
            except InvalidRecord as refusal:
                _log.warning(
                    "record_left_out",
                    partition=record.partition,
                    offset=record.offset,
                    reason=refusal.reason,
                )
