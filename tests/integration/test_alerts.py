from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.alert import AlertEvent
from schemas.codec import decode_alert, encode
from stream.broker.options import KafkaOptions
from stream.cli import main
from stream.errors import FailedRun
from stream.subscribe import alerts
from tests.broker.harness import KafkaBroker
from tests.integration.logins import sasl, without_security
from tests.integration.records import create_topic
from tests.models.alerts import alert

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from stream.cli import main; sys.exit(main())"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    options = replace(without_security(broker), prefix=topic_prefix, application=topic_prefix)
    create_topic(options, f"{topic_prefix}.alerts", 1)
    return options


@pytest.fixture(autouse=True)
def _environ(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    if "options" in request.fixturenames:
        options: KafkaOptions = request.getfixturevalue("options")
        for key in ("bootstrap_servers", "prefix", "application"):
            monkeypatch.setenv(f"GAUGER_KAFKA__{key.upper()}", getattr(options, key))


def events(count: int, first: int = 0) -> list[AlertEvent]:
    return [alert(f"f{row}", [f"a{row}"], at=60.0 * row) for row in range(first, first + count)]


def send(options: KafkaOptions, values: Sequence[AlertEvent | bytes]) -> None:
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for value in values:
            line = value if isinstance(value, bytes) else encode(value)
            producer.send(f"{options.prefix}.alerts", line).get(30)


def ids(found: Iterator[AlertEvent], count: int) -> list[str]:
    return [next(found).alert_id for _ in range(count)]


def committed(options: KafkaOptions, group: str) -> int | None:
    with KafkaConsumer(bootstrap_servers=options.bootstrap_servers, group_id=group) as consumer:
        offset: int | None = consumer.committed(TopicPartition(f"{options.prefix}.alerts", 0))
    return offset


def test_alerts_come_from_the_oldest_on_or_only_as_they_are_made(options: KafkaOptions) -> None:
    send(options, events(3))
    found = alerts(options, from_beginning=True)
    assert ids(found, 3) == ["f0", "f1", "f2"]
    found.close()
    later = Timer(2.0, send, (options, events(1, first=3)))
    later.start()
    found = alerts(options)
    assert ids(found, 1) == ["f3"]
    found.close()
    later.join()


def test_the_environment_says_where_alerts_are(options: KafkaOptions) -> None:
    send(options, events(1))
    found = alerts(from_beginning=True)
    assert ids(found, 1) == ["f0"]
    found.close()


def test_an_alert_is_committed_only_when_the_next_is_asked_for(options: KafkaOptions) -> None:
    send(options, events(5))
    found = alerts(options, group=options.prefix, from_beginning=True)
    assert ids(found, 3) == ["f0", "f1", "f2"]
    found.close()
    assert committed(options, options.prefix) == 2
    found = alerts(options, group=options.prefix)
    assert ids(found, 3) == ["f2", "f3", "f4"]
    found.close()
    assert committed(options, options.prefix) == 4


def test_a_new_group_misses_nothing_that_came_after_its_start(options: KafkaOptions) -> None:
    send(options, events(2))
    stop = Event()
    Timer(3.0, stop.set).start()
    assert list(alerts(options, group=options.prefix, stop=stop)) == []
    send(options, events(2, first=2))
    found = alerts(options, group=options.prefix)
    assert ids(found, 2) == ["f2", "f3"]
    found.close()


def test_repeats_and_broken_records_do_not_stop_a_subscriber(options: KafkaOptions) -> None:
    first, second = events(2)
    send(options, [first, b"?", first, second])
    found = alerts(options, from_beginning=True)
    assert ids(found, 2) == ["f0", "f1"]
    found.close()


def test_a_subscriber_logs_in(secured_broker: KafkaBroker, topic_prefix: str) -> None:
    open_options = replace(without_security(secured_broker), prefix=topic_prefix)
    create_topic(open_options, f"{topic_prefix}.alerts", 1)
    send(open_options, events(1))
    found = alerts(replace(sasl(secured_broker), prefix=topic_prefix), from_beginning=True)
    assert ids(found, 1) == ["f0"]
    found.close()


def test_a_missing_topic_is_told_with_its_mend(options: KafkaOptions) -> None:
    absent = replace(options, prefix=f"{options.prefix}-absent")
    for found in (alerts(absent), alerts(absent, group="g")):
        with pytest.raises(FailedRun, match="gauger topics creates"):
            next(found)


def test_the_verb_shows_each_alert_once_and_ends_at_the_end_of_the_topic(
    options: KafkaOptions, capfd: Captured
) -> None:
    made = events(4)
    send(options, [*made, made[1]])
    assert main(["alerts"]) == 0
    assert capfd.readouterr().out.encode().splitlines() == [encode(one) for one in made]
    assert main(["alerts", "--since", "120"]) == 0
    assert capfd.readouterr().out.encode().splitlines() == [encode(one) for one in made[2:]]


def test_a_follower_shows_what_comes_and_ends_by_ctrl_c(options: KafkaOptions) -> None:
    send(options, events(1))
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "alerts", "--follow"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert decode_alert(running.stdout.readline()).alert_id == "f0"
    send(options, events(1, first=1))
    assert decode_alert(running.stdout.readline()).alert_id == "f1"
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert (running.returncode, told) == (130, b"")


# kafka-python leaves connections that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_broker_that_restarts_interrupts_no_subscriber(
    own_broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    # Kept log records would keep those connections as well.
    caplog.set_level(logging.CRITICAL, logger="kafka")
    options = replace(without_security(own_broker), prefix="restarted")
    create_topic(options, "restarted.alerts", 1)
    send(options, events(2))
    alone = alerts(options, from_beginning=True)
    member = alerts(options, group="pager", from_beginning=True)
    assert ids(alone, 2) == ids(member, 2) == ["f0", "f1"]
    own_broker.restart()
    send(options, events(1, first=2))
    assert ids(alone, 1) == ids(member, 1) == ["f2"]
    alone.close()
    member.close()
    gc.collect()
