"""The application on a real broker: what a local replay gives, however the work is shared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from tests.integration.conftest import GivenBroker
from tests.integration.output import Output
from tests.integration.workers import (
    ROOT,
    Victims,
    Workers,
    children,
    create_topics,
    open_binary,
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
seconds = 3600
lateness_seconds = 120
[learning]
hours = 6.0
"""
"""Long epochs: the six days of the sample are over in as many steps as twelve hours would take."""

BROKEN = (
    b"null",
    b"{",
    b'{"id": "x"}',
    b'{"id": "x", "time": "soon", "account": "a"}',
    b"\xff\xfe{}",
)

_SECONDS = 240.0


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        checkpoint_seconds=1.0,
    )


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """What a local replay of the sample gives."""
    folder = tmp_path_factory.mktemp("replay")
    config = folder / "gauger.toml"
    config.write_text(SECTIONS, encoding="utf-8")
    output = replayed(config, folder, [SAMPLE], FACTS)
    assert output.alerts
    assert len(output.scores) > 1_000
    return output


@pytest.fixture
def workers(server: Path, tmp_path: Path) -> Iterator[Workers]:
    """Workers that are stopped after the test, whatever became of it."""
    made = Workers(tmp_path / "unset.toml", tmp_path, server)
    yield made
    made.end()


def set_up(options: KafkaOptions, folder: Path, sources: int, workers: Workers) -> Path:
    """Topics, settings, and the sample published."""
    create_topics(options, sources)
    config = write_config(folder, SECTIONS, options)
    workers.config = config
    run_verb(config, "publish", str(SAMPLE), "--facts", str(FACTS))
    return config


@pytest.mark.parametrize(("partitions", "sources", "count"), [(1, 1, 1), (3, 2, 2)])
def test_workers_find_what_a_replay_finds(
    partitions: int,
    sources: int,
    count: int,
    options: KafkaOptions,
    expected: Output,
    workers: Workers,
    tmp_path: Path,
) -> None:
    options = replace(options, partitions=partitions)
    set_up(options, tmp_path, sources, workers)
    for _ in range(count):
        workers.start()
    found = wait_for(options, expected, _SECONDS, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"
    assert workers.restarts == 0, workers.logs()
    # No port was asked for, so none is open; and whoever is told to stop does so cleanly.
    assert [listening(worker.pid) for worker in workers.running] == [[]] * count
    for _ in range(count):
        workers.remove(0)


def test_a_second_worker_may_come_before_anything_is_committed(
    options: KafkaOptions, expected: Output, workers: Workers, tmp_path: Path
) -> None:
    options = replace(options, partitions=3, checkpoint_seconds=3_600.0)
    create_topics(options, 2)
    # Sources that rest between the halves would come back late.
    workers.config = write_config(tmp_path, SECTIONS, options, idle_seconds=300.0)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    with open_binary(SAMPLE) as sample:
        lines = list(sample)
    first.write_bytes(b"".join(lines[: len(lines) // 2]))
    second.write_bytes(b"".join(lines[len(lines) // 2 :]))
    run_verb(workers.config, "publish", "--no-end", str(first), "--facts", str(FACTS))
    workers.start()
    wait_until(lambda: '"alert"' in (tmp_path / "worker-0.log").read_text())
    workers.start()
    wait_until(lambda: '"partition_taken"' in (tmp_path / "worker-1.log").read_text())
    run_verb(workers.config, "publish", str(second))
    found = wait_for(options, expected, _SECONDS, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"
    assert workers.restarts == 0, workers.logs()


def test_killed_workers_lose_and_double_nothing(
    options: KafkaOptions, expected: Output, workers: Workers, tmp_path: Path
) -> None:
    options = replace(options, partitions=3)
    set_up(options, tmp_path, 3, workers)
    workers.start()
    workers.start()
    random = Random(5)
    victims: list[Victims] = ["both", "stages", "ingest", "both", "stages"]
    for kind in victims:
        wait_for(options, expected, random.uniform(4.0, 12.0), workers.supervise)
        workers.kill(random.randrange(2), kind)
    found = wait_for(options, expected, _SECONDS, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"


def test_a_worker_that_is_told_to_stop_while_it_starts_stops_cleanly(
    options: KafkaOptions, workers: Workers, tmp_path: Path
) -> None:
    create_topics(options, 1)
    workers.config = write_config(tmp_path, SECTIONS, options)
    workers.start()
    wait_until(lambda: "ingest_started" in workers.logs())
    workers.remove(0)


def test_a_thousand_broken_records_become_dead_letters_and_nothing_more(
    options: KafkaOptions, expected: Output, workers: Workers, tmp_path: Path
) -> None:
    options = replace(options, partitions=2)
    create_topics(options, 2)
    workers.config = write_config(tmp_path, SECTIONS, options)
    mixed = tmp_path / "mixed.jsonl"
    with open_binary(SAMPLE) as sample, mixed.open("wb") as out:
        for number, line in enumerate(sample):
            out.write(line)
            if number < 20_000 and number % 20 == 7:
                out.write(BROKEN[number // 20 % len(BROKEN)] + b"\n")
    run_verb(workers.config, "publish", str(mixed), "--facts", str(FACTS))
    workers.start()
    found = wait_for(options, expected, _SECONDS, workers.supervise)
    assert found.equals(expected), f"{found.difference(expected)}\n{workers.logs()}"
    letters = list(records(options, TopicNames.of(options).dead_letters))
    places = [dict(one.headers) for one in letters]
    assert len({(place["partition"], place["offset"]) for place in places}) == 1_000
    assert {bytes(one.value) for one in letters} == set(BROKEN)
    assert all(place["reason"] for place in places)
    assert workers.restarts == 0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def listening(pid: int) -> list[str]:
    """Addresses on which a process and its children listen (from /proc)."""
    inodes = set()
    for one in (pid, *children(pid)):
        for link in Path(f"/proc/{one}/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
