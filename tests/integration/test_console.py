"""The console over topics: what is written to them, it knows; what is decided, they hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from models.wire.codec import to_frames
from models.wire.protocol import Rows
from schemas.codec import decode_feedback, encode
from schemas.feedback import FeedbackRecord
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.console.book import Book
from stream.console.deciding import TopicWriter
from stream.console.live import followers, read_alerts_so_far
from stream.console.traffic import Traffic
from stream.receive.delivery import Delivery
from tests.broker.harness import KafkaBroker
from tests.integration.logins import without_security
from tests.integration.records import create_topic, records_of
from tests.stream.console.desk import ALERT, alerts, batches


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    options = replace(without_security(broker), prefix=topic_prefix, application=topic_prefix)
    for topic in read(options):
        create_topic(options, topic, 1)
    return options


def read(options: KafkaOptions) -> tuple[str, ...]:
    """The topics that the console reads."""
    names = TopicNames.of(options)
    return (names.alerts, names.feedback, names.facts, names.account_scores, names.events)


async def write(options: KafkaOptions, verdict: FeedbackRecord) -> int:
    """Alerts, some traffic, and a verdict as an analyst gives it; how many requests there are."""
    names, batch = TopicNames.of(options), batches()[0]
    batch.position[:] = range(len(batch))
    frames = to_frames(Rows("requests/0", -1, len(batch), batch))
    delivery = Delivery(options, 10.0)
    await delivery.start(read(options))
    try:
        await delivery.deliver(names.alerts, [(b"k", encode(event)) for event in alerts()])
        await delivery.deliver(names.events, [(b"k", frame) for frame in frames])
        await TopicWriter(delivery, names.feedback, lambda: 0).write(verdict)
    finally:
        await delivery.stop()
    return len(batch)


def follow_until(options: KafkaOptions, book: Book, is_there: Callable[[], bool]) -> None:
    stop = Event()
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(follow, stop) for follow in followers(options, book)]
        deadline = time.monotonic() + 60
        try:
            while not is_there():
                assert time.monotonic() < deadline
                assert not any(one.done() for one in running)
                time.sleep(0.05)
        finally:
            stop.set()
    for one in running:
        one.result()


def test_topics_become_the_page_and_a_verdict_comes_back(options: KafkaOptions) -> None:
    verdict = FeedbackRecord(ALERT, "2026-09-10T00:00:00.000000Z", "confirm", by="ada")
    requests, book = asyncio.run(write(options, verdict)), Book(Traffic())
    read_alerts_so_far(options, book)
    assert (len(book.lives), book.traffic.requests) == (3, 0)
    follow_until(options, book, lambda: bool(book.traffic.requests and book.verdicts))
    assert book.traffic.requests == requests
    assert [said.by for said in book.verdicts[ALERT]] == ["ada"]
    assert [len(life) for life in book.lives.values()] == [4, 4, 4]
    [record] = records_of(options, TopicNames.of(options).feedback)[0]
    assert decode_feedback(record.value).verdict == "confirm"
