"""A deployment at work into the book: rows once however often they are sent, accounts forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np

from models.batch import EventBatch
from models.protocol import Forget, Rows
from models.wire import to_frames
from schemas.codec import encode
from schemas.feedback import FeedbackRecord
from stream.broker.follow import Record
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.console.book import Book
from stream.console.deciding import TopicWriter
from stream.console.live import RowsReader, followers, read_alerts_so_far
from stream.console.traffic import Traffic
from stream.receive.delivery import Delivery
from tests.broker.mock import MockCluster
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


def followed(options: KafkaOptions, book: Book, until: Callable[[], bool]) -> None:
    """Follow all topics until something holds."""
    stop = Event()
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(one, stop) for one in followers(options, book)]
        deadline = time.monotonic() + 30
        try:
            while not until():
                assert time.monotonic() < deadline
                assert not any(one.done() for one in running)
                time.sleep(0.05)
        finally:
            stop.set()
    for one in running:
        one.result()


def test_topics_become_what_the_page_shows_and_verdicts_come_back() -> None:
    names = TopicNames.of(KafkaOptions())
    topics = (names.alerts, names.feedback, names.facts, names.account_scores, names.events)
    with MockCluster(dict.fromkeys(topics, 1)) as cluster:
        options = KafkaOptions(bootstrap_servers=cluster.bootstrap_servers)
        book, batch = Book(Traffic()), placed(batches()[0], 0)
        rows = to_frames(Rows("requests/0", -1, len(batch), batch))
        [score, *_] = scores()
        verdict = FeedbackRecord(ALERT, "2026-09-10T00:00:00.000000Z", "confirm", by="ada")

        async def write() -> None:
            delivery = Delivery(options, 10.0)
            await delivery.start(topics)
            told = [b"no alert", *map(encode, alerts())]
            await delivery.deliver(names.alerts, [(b"k", value) for value in told])
            await delivery.deliver(names.events, [(b"k", value) for value in rows])
            await delivery.deliver(names.account_scores, [(b"k", encode(score))])
            await delivery.deliver(
                names.facts, [(b"k", b'{"account":"mule-0001","time":5,"status":"banned"}')]
            )
            await TopicWriter(delivery, names.feedback, lambda: 0).write(verdict)
            await delivery.stop()

        asyncio.run(write())
        read_alerts_so_far(options, book)
        assert len(book.lives) == 3
        assert book.traffic.requests == 0
        followed(
            options,
            book,
            lambda: (
                bool(book.traffic.requests and book.verdicts and book.facts)
                and book.score(score.entity.id) is not None
            ),
        )
    assert book.traffic.requests == len(batch)
    assert [said.by for said in book.verdicts[ALERT]] == ["ada"]
    assert book.facts["mule-0001"].status == "banned"
    # The alerts that were read before come again, and change nothing.
    assert [len(life) for life in book.lives.values()] == [4, 4, 4]
