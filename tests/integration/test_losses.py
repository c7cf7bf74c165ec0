"""What is lost, poisoned, or of another release, on a real broker; `make faults` tries more of it.

Workers run as users run them, and what they log and count is looked through for secrets.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from models.wire import codec
from models.wire.codec import to_frames
from models.wire.protocol import Progress
from stream.broker.health import broker_checks
from stream.broker.names import TopicNames, groups_of
from stream.broker.options import KafkaOptions
from stream.errors import FailedRun
from stream.worker.preflight import require_cluster
from tests.integration.conftest import GivenBroker
from tests.integration.test_metrics import SECTIONS as METRICS
from tests.integration.test_metrics import TOKEN, free_port, get
from tests.integration.workers import (
    ROOT,
    Workers,
    command,
    create_topics,
    replayed,
    run_verb,
    wait_for,
    write_config,
)
from tests.privacy.test_outputs import SETTINGS, refused, shown
from tests.stream.traffic import recording


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    made = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
        checkpoint_seconds=1.0,
    )
    create_topics(made, 1)
    return made


def send(options: KafkaOptions, topic: str, values: list[bytes], partition: int = 0) -> None:
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for value in values:
            producer.send(topic, value, partition=partition)


def acknowledge(options: KafkaOptions, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Commit as a worker does that has saved its state."""
    consumer = KafkaConsumer(
        bootstrap_servers=options.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    consumer.assign(list(offsets))
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)
    consumer.commit()
    consumer.close()


def problems(options: KafkaOptions) -> list[str]:
    return [one.text for one in broker_checks(options) if one.status == "problem"]


def test_state_that_is_lost_and_logs_that_are_others_are_told_before_anything_starts(
    options: KafkaOptions,
) -> None:
    names = TopicNames.of(options)
    require_cluster(options)
    assert problems(options) == []
    send(options, names.events, [b""] * 3)
    send(options, names.requests[0], [b"{}"] * 3)
    stages, ingest = groups_of(options)
    acknowledge(options, stages, {TopicPartition(names.events, 0): 2})
    acknowledge(options, ingest, {TopicPartition(names.requests[0], 0): 3})
    lost = [
        f"state of {names.events}/0 is lost",
        f"{names.events}/1 was made anew",
        f"{names.ties}/0 was made anew",
        f"{names.findings}/0 was made anew",
        f"where requests were read up to is lost: {names.sources} is empty",
    ]
    with pytest.raises(FailedRun) as refusal:
        require_cluster(options)
    for told in (str(refusal.value), "\n".join(problems(options))):
        assert [one for one in lost if one not in told] == []


def test_a_worker_leaves_what_a_later_release_has_written_to_that_release(
    options: KafkaOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(codec, "WIRE_VERSION", codec.WIRE_VERSION + 1)
        frames = to_frames(Progress(1))
    send(options, TopicNames.of(options).findings, frames)
    config = write_config(tmp_path, "", options)
    done = subprocess.run(
        command(config, "worker"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1
    assert '"event": "newer_release"' in done.stderr
    assert "upgrade this worker" in done.stderr
    consumer = KafkaConsumer(
        bootstrap_servers=options.bootstrap_servers, group_id=options.application
    )
    assert consumer.committed(TopicPartition(TopicNames.of(options).findings, 0)) is None
    consumer.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def workers(options: KafkaOptions, port: int, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path / "unset.toml", tmp_path)
    yield made
    made.stop()


def test_poison_in_every_topic_costs_itself_alone_and_shows_no_secret(
    options: KafkaOptions, workers: Workers, port: int, tmp_path: Path
) -> None:
    names = TopicNames.of(options)
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join([*recording(), *refused()]))
    (tmp_path / "replay.toml").write_text(SETTINGS)
    expected = replayed(tmp_path / "replay.toml", tmp_path, [events], None)
    damaged = to_frames(Progress(1))[0][:-1] + b"\xff"
    secret = orjson.dumps({"prompt": " ".join(shown(*refused()))})
    junk = [b"", b"null", b"\x95\x02" + bytes(9), damaged, secret]
    for topic in (names.events, names.ties, names.findings, names.control):
        send(options, topic, junk)
    (tmp_path / "tokens").write_text(f"test {sha256(TOKEN.encode()).hexdigest()}\n")
    metrics = METRICS.partition("[metrics]")[2].format(port=port, tokens=tmp_path / "tokens")
    workers.config = write_config(tmp_path, f"{SETTINGS}[metrics]{metrics}", options)
    run_verb(workers.config, "publish", str(events))
    workers.start()
    found = wait_for(options, expected, 240.0, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"
    logs = (tmp_path / "worker-0.log").read_text()
    assert logs.count('"event": "message_unreadable"') == 3 * len(junk)
    scraped = get(port, "/metrics", TOKEN)[1]
    assert "gauger_dead_letters_total" in scraped
    assert shown(logs.encode(), scraped.encode()) == set()
    assert workers.restarts == 0, workers.logs()
