"""A deployment at work into the book: rows once however often they are sent, accounts forgotten."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from structlog.testing import capture_logs

from models.requests.batch import EventBatch
from models.wire.codec import to_frames
from models.wire.protocol import Forget, Rows
from schemas.codec import encode
from schemas.feedback import FeedbackRecord
from stream.broker.follow import Record, Records
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.console import live
from stream.console.book import Book
from stream.console.live import RowsReader, followers, read_alerts_so_far
from stream.console.traffic import Traffic
from tests.stream.console.desk import ALERT, alerts, batches, scores


def placed(batch: EventBatch, first: int) -> EventBatch:
    batch.position[:] = np.arange(first, first + len(batch))
    return batch


def send(reader: RowsReader, message: Rows | Forget, partition: int = 0) -> None:
    for offset, frame in enumerate(to_frames(message)):
        reader.add(Record(partition, offset, frame))


def test_rows_count_once_and_those_of_another_partition_too() -> None:
    book = Book(Traffic())
    reader, [first, second, *_] = RowsReader(book), batches()
    count = len(first)
    one = Rows("requests/0", -1, count - 1, placed(first, 0))
    two = Rows("requests/0", count - 1, 2 * count - 1, placed(second, count))
    for message in (one, two, one, two):
        send(reader, message)
    assert book.traffic.requests == 2 * count
    send(reader, one, partition=1)
    assert book.traffic.requests == 3 * count
    send(reader, Rows("requests/1", -1, 5, None))
    assert book.traffic.requests == 3 * count


def test_of_rows_that_come_again_with_more_the_new_ones_count() -> None:
    book = Book(Traffic())
    reader, batch = RowsReader(book), placed(batches()[0], 0)
    half = len(batch) // 2
    send(reader, Rows("requests/0", -1, half - 1, batch.take(np.arange(half))))
    send(reader, Rows("requests/0", -1, len(batch) - 1, batch))
    assert book.traffic.requests == len(batch)


def test_a_forgotten_account_is_forgotten_here_too() -> None:
    book = Book(Traffic())
    reader, batch = RowsReader(book), placed(batches()[0], 0)
    send(reader, Rows("requests/0", -1, len(batch), batch))
    name = batch.names[0]
    send(reader, Forget(int(batch.account[0]), name))
    assert book.traffic.accounts.row(name) is None


def test_each_topic_becomes_its_part_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    book, batch, names = Book(Traffic()), placed(batches()[0], 0), TopicNames.of(KafkaOptions())
    [score, *_] = scores()
    verdict = FeedbackRecord(ALERT, "2026-09-10T00:00:00.000000Z", "confirm", by="ada")
    topics = {
        names.alerts: [b"none", *map(encode, alerts())],
        names.feedback: [b"{}", encode(verdict)],
        names.facts: [b"[]", b'{"account":"mule-0001","time":5,"status":"banned"}'],
        names.account_scores: [b"", encode(score), b"{}"],
        names.events: [b"?", *to_frames(Rows("requests/0", -1, len(batch), batch))],
    }

    def read(options: KafkaOptions, topic: str, **_: object) -> Records:
        yield from (Record(0, offset, value) for offset, value in enumerate(topics[topic]))

    monkeypatch.setattr(live, "read_topic", read)
    read_alerts_so_far(KafkaOptions(), book)
    assert (len(book.lives), book.traffic.requests) == (3, 0)
    with capture_logs() as logged:
        for follow in followers(KafkaOptions(), book):
            follow(Event())
    assert [entry["event"] for entry in logged] == ["record_left_out"] * 5
    assert book.traffic.requests == len(batch)
    assert [said.by for said in book.verdicts[ALERT]] == ["ada"]
    assert book.facts["mule-0001"].status == "banned"
    assert book.score(score.entity.id) == score
    # The alerts that were read before have come again, and changed nothing.
    assert [len(life) for life in book.lives.values()] == [4, 4, 4]
