"""Spare copies of the state: a worker is killed, and another goes on with what it kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from tests.integration.conftest import GivenBroker
from tests.integration.output import Output
from tests.integration.workers import (
    ROOT,
    Workers,
    create_topics,
    records,
    replayed,
    run_verb,
    wait_for,
    write_config,
)

SAMPLE = ROOT / "examples" / "events.jsonl.zst"
FACTS = ROOT / "examples" / "facts.jsonl"
SECTIONS = """
[epoch]
seconds = 7200
"""
_SECONDS = 240.0

on_disk = pytest.mark.skipif(find_spec("rocksdict") is None, reason="rocksdict is not installed")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """What a local replay of the sample gives."""
    folder = tmp_path_factory.mktemp("replay")
    config = folder / "gauger.toml"
    config.write_text(SECTIONS, encoding="utf-8")
    output = replayed(config, folder, [SAMPLE], FACTS)
    assert output.alerts
    return output


@pytest.fixture
def several(tmp_path: Path) -> Iterator[list[Workers]]:
    """Workers of different settings, stopped after the test."""
    made: list[Workers] = []
    yield made
    for workers in made:
        workers.end()


@on_disk
def test_a_worker_comes_back_on_its_own_disk(
    broker: GivenBroker,
    topic_prefix: str,
    expected: Output,
    several: list[Workers],
    server: Path,
    tmp_path: Path,
) -> None:
    options = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
        checkpoint_seconds=0.5,
        store=f"rocksdb://{tmp_path}",
    )
    create_topics(options, 2)
    config = write_config(tmp_path, SECTIONS, options, store=options.store)
    workers = Workers(config, tmp_path, server)
    several.append(workers)
    run_verb(workers.config, "publish", str(SAMPLE), "--facts", str(FACTS))
    workers.start()
    wait_for_checkpoints(options, several)
    workers.kill(0)
    wait_for(options, expected, 8.0, workers.supervise)
    workers.kill(0, "stages")
    found = wait_for(options, expected, _SECONDS, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"
    assert workers.restarts == 0, workers.logs()


@pytest.mark.parametrize("store", ["memory", pytest.param("rocksdb", marks=on_disk)])
def test_a_spare_copy_goes_on_where_a_killed_worker_stood(
    store: str,
    broker: GivenBroker,
    topic_prefix: str,
    expected: Output,
    several: list[Workers],
    server: Path,
    tmp_path: Path,
) -> None:
    options = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
        checkpoint_seconds=1.0,
    )
    create_topics(options, 2)
    for number in range(2):
        folder = tmp_path / f"worker-of-{number}"
        (folder / "state").mkdir(parents=True)
        url = "memory://" if store == "memory" else f"rocksdb://{folder / 'state'}"
        config = write_config(folder, SECTIONS, options, standby_replicas=1, store=url)
        several.append(Workers(config, folder, server))
        several[-1].start()
    run_verb(several[0].config, "publish", str(SAMPLE), "--facts", str(FACTS))

    wait_for_checkpoints(options, several)
    several[0].end()
    found = wait_for(options, expected, _SECONDS, several[1].supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{several[1].logs()}"
    assert any((tmp_path / "worker-of-1" / "state").iterdir()) == (store == "rocksdb")
    assert several[1].restarts == 0
    assert not list(ROOT.glob(f"{topic_prefix}*"))


def wait_for_checkpoints(options: KafkaOptions, several: Sequence[Workers]) -> None:
    changelog = TopicNames.of(options).accounts_changelog
    deadline = time.monotonic() + 90
    while sum(1 for _ in records(options, changelog)) < 20:
        in_time = time.monotonic() < deadline
        assert in_time, "\n".join(workers.logs() for workers in several)
        time.sleep(0.5)
