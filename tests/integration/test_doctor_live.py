"""What the doctor says of a live deployment: fields that vanished, sources that hold back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from kafka import KafkaProducer

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.checks import Check
from stream.doctor.live_sources import source_checks
from stream.doctor.live_traffic import traffic_checks
from tests.integration.conftest import GivenBroker
from tests.integration.test_application import SECTIONS
from tests.integration.workers import Workers, create_topics, write_config

START = 1_760_000_000
COUNT = 8_000


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    made = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=1,
    )
    create_topics(made, 2)
    return made


@pytest.fixture
def workers(options: KafkaOptions, server: Path, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(write_config(tmp_path, SECTIONS, options), tmp_path, server)
    yield made
    made.end()


def publish(options: KafkaOptions, request: Callable[[int], bytes]) -> None:
    topic = TopicNames.of(options).requests[0]
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for row in range(COUNT):
            producer.send(topic, request(row), partition=row % 2)


def request(row: int, *, with_ip: bool = True) -> bytes:
    fields = {
        "id": str(row),
        "time": START + row * 10,
        "account": f"a{row % 50}",
        "prompt": "good morning",
        **({"ip": f"192.0.2.{row % 50}"} if with_ip else {}),
    }
    return orjson.dumps(fields)


def of_status(checks: list[Check], status: str) -> list[str]:
    return [check.text for check in checks if check.status == status]


def test_a_field_that_vanished_is_a_problem_with_its_time(options: KafkaOptions) -> None:
    publish(options, lambda row: request(row, with_ip=row < COUNT * 0.6))
    [problem] = of_status(list(traffic_checks(options)), "problem")
    assert problem.startswith(
        "ip vanished: in 100% of earlier requests, in 0% of the latest:"
        " blind for shared networks, breadth of an account since about 2025-10-09 "
    )
    # It went at 22:13:20; a probe of 200 requests is half an hour long.
    hour = problem.split("2025-10-09 ")[1][:5]
    assert "21:30" <= hour <= "23:00"


def test_steady_traffic_is_well_and_refused_records_are_told(options: KafkaOptions) -> None:
    publish(options, lambda row: b"{" if row % 10 == 0 else request(row))
    checks = list(traffic_checks(options))
    assert of_status(checks, "problem") == []
    assert any("10.0% of the latest 2,000 records are refused" in one.text for one in checks)
    assert len(of_status(checks, "ok")) == 1


def test_sources_that_nobody_reads_are_told_until_a_worker_does(
    options: KafkaOptions, workers: Workers
) -> None:
    publish(options, request)
    topic = TopicNames.of(options).requests[0]
    [warning] = of_status(list(source_checks(options)), "warning")
    assert warning == (
        f"nobody has read {topic}/0, {topic}/1: 8,000 records wait; start gauger worker"
    )
    workers.start()
    expected = "2 of 2 have been read, 0 records behind; they have come to 2025-10-10 07:06Z"
    deadline = time.monotonic() + 120
    while expected not in "".join(of_status(list(source_checks(options)), "ok")):
        assert time.monotonic() < deadline, workers.logs()
        time.sleep(2)
    assert of_status(list(source_checks(options)), "warning") == []
