"""The console over topics: what is written to them, it knows; what is decided, they hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import orjson
import pytest

from models.wire.codec import to_frames
from models.wire.protocol import Rows
from schemas.codec import decode_feedback, encode
from schemas.feedback import FeedbackRecord
from schemas.times import to_microseconds
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.console.book import Book
from stream.console.deciding import Decision, TopicWriter, record_of, told_last
from stream.console.finding import page
from stream.console.live import followers, read_alerts_so_far
from stream.console.traffic import Traffic
from stream.findings.lives import status_of
from stream.receive.delivery import Delivery
from tests.broker.harness import KafkaBroker
from tests.integration.logins import without_security
from tests.integration.records import create_topic, records_of
from tests.integration.test_application import FACTS, SAMPLE, SECTIONS
from tests.integration.workers import (
    Workers,
    create_topics,
    open_binary,
    run_verb,
    write_config,
)
from tests.stream.console.desk import ALERT, alerts, batches

UNTIL, CUT = "2026-09-10T08:00", "2026-09-09T20:00"
"""Of the sample: its campaign is found before the cut, and goes on until the end."""


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


def follow_until(
    options: KafkaOptions,
    book: Book,
    is_there: Callable[[], bool],
    told: Callable[[], str] = lambda: "",
) -> None:
    stop = Event()
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(follow, stop) for follow in followers(options, book)]
        deadline = time.monotonic() + 240
        try:
            while not is_there():
                assert time.monotonic() < deadline, told()
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


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path / "unset.toml", tmp_path)
    yield made
    made.stop()


def parts(folder: Path) -> tuple[str, str]:
    """The sample up to the cut, and from there on."""
    with open_binary(SAMPLE) as sample:
        lines = [(orjson.loads(line)["time"], line) for line in sample]
    cut, until = (to_microseconds(f"{time}:00Z", "time") for time in (CUT, UNTIL))
    times = [to_microseconds(time, "time") for time, _ in lines]
    for name, low, high in (("before", 0, cut), ("after", cut, until)):
        chosen = [line for at, (_, line) in zip(times, lines, strict=True) if low <= at < high]
        (folder / name).write_bytes(b"".join(chosen))
    return str(folder / "before"), str(folder / "after")


async def say(options: KafkaOptions, record: FeedbackRecord) -> None:
    delivery, topic = Delivery(options, 10.0), TopicNames.of(options).feedback
    await delivery.start([topic])
    try:
        await TopicWriter(delivery, topic, lambda: 0).write(record)
    finally:
        await delivery.stop()


def test_a_dismissal_closes_the_finding_and_is_shown_as_heard(
    broker: KafkaBroker, topic_prefix: str, workers: Workers, tmp_path: Path
) -> None:
    options = replace(
        without_security(broker), prefix=topic_prefix, application=topic_prefix, partitions=1
    )
    create_topics(options, 1)
    workers.config = write_config(tmp_path, SECTIONS, options, idle_seconds=300.0)
    before, after = parts(tmp_path)
    run_verb(workers.config, "publish", "--no-end", before, "--facts", str(FACTS))
    workers.start()
    seen, heard = Book(Traffic()), Book(Traffic())
    follow_until(options, seen, lambda: bool(seen.lives), workers.logs)
    [(alert_id, life)] = seen.lives.items()
    decision = Decision("dismiss", reason="a course of the university", sequence=10_000)
    asyncio.run(say(options, record_of(decision, life, "ada", told_last(life))))
    run_verb(workers.config, "publish", after)

    def dismissed() -> bool:
        closed = bool(heard.lives) and status_of(heard.lives[alert_id]) == "dismissed"
        # Topics are read side by side.
        return closed and bool(heard.verdicts)

    follow_until(options, heard, dismissed, workers.logs)
    last = heard.lives[alert_id][-1]
    assert (last.activity, last.severity) == ("close", "info")
    [said] = page(heard, alert_id).said
    assert (said.verdict, said.by, said.effective) == ("dismiss", "ada", True)
    assert workers.restarts == 0, workers.logs()
