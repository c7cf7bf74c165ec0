"""A deployment at work into the book: rows once however often they are sent, accounts forgotten."""

from __future__ import annotations

import numpy as np

from models.batch import EventBatch
from models.protocol import Forget, Rows
from models.wire import to_frames
from stream.broker.follow import Record
from stream.console.book import Book
from stream.console.live import RowsReader
from stream.console.traffic import Traffic
from tests.stream.console.desk import batches


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
