from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from tests.broker.harness import BrokerFailed, KafkaBroker
from tests.broker.probe import answers

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


@contextmanager
def administered(servers: str) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=30000)
    try:
        yield admin
    finally:
        admin.close()


def send(servers: str, topic: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=servers, bootstrap_timeout_ms=30000)
    for value in values:
        producer.send(topic, value, partition=0)
    producer.flush()
    producer.close()


def received(servers: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, auto_offset_reset="earliest", group_id=None
    )
    values = [next(consumer).value for _ in range(count)]
    consumer.close()
    return values


def test_records_survive_a_kill_and_a_restart_on_the_same_port(own_broker: KafkaBroker) -> None:
    servers = own_broker.bootstrap_servers
    with administered(servers) as admin:
        admin.create_topics({"survivors": {"num_partitions": 1, "replication_factor": 1}})
    send(servers, "survivors", [b"first"])
    own_broker.kill()
    assert not own_broker.running
    own_broker.start()
    send(servers, "survivors", [b"second"])
    own_broker.restart()
    assert own_broker.bootstrap_servers == servers
    assert received(servers, "survivors", 2) == [b"first", b"second"]


def test_a_paused_broker_answers_nobody_until_it_is_resumed(own_broker: KafkaBroker) -> None:
    own_broker.pause()
    assert not answers(own_broker.bootstrap_servers)
    own_broker.resume()
    assert answers(own_broker.bootstrap_servers, PATIENCE)


def test_a_broker_that_does_not_run_cannot_be_paused(own_broker: KafkaBroker) -> None:
    own_broker.stop()
    with pytest.raises(BrokerFailed):
        own_broker.pause()


@pytest.mark.usefixtures("engine")
def test_no_broker_outlives_a_killed_owner() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.broker"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner, owner.stdout:
        servers = owner.stdout.readline().split()[-1]
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        # The broker's keeper holds this pipe as well, and is gone once it has ended the broker.
        assert owner.stdout.read() == ""
    assert not answers(servers)
