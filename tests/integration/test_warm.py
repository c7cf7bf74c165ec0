"""Workers that start warm: they find what a replay of all finds, from their first hour."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import zstandard

from stream.broker.options import KafkaOptions
from stream.cli import main
from tests.integration.conftest import GivenBroker
from tests.integration.output import Output
from tests.integration.test_application import FACTS, SAMPLE, SECTIONS
from tests.integration.workers import (
    ROOT,
    Workers,
    command,
    create_topics,
    open_binary,
    replayed,
    run_verb,
    wait_for,
    write_config,
)

EPOCH = tomllib.loads(SECTIONS)["epoch"]["seconds"]


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
        checkpoint_seconds=1.0,
    )


@pytest.fixture
def workers(options: KafkaOptions, server: Path, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(write_config(tmp_path, SECTIONS, options), tmp_path, server)
    yield made
    made.end()


def halves(folder: Path) -> list[Path]:
    """The sample in two files, parted between two epochs in the midst of what was found."""
    with open_binary(SAMPLE) as sample:
        lines = list(sample)
    times = [float(orjson.loads(line)["time"]) for line in lines]
    middle = (min(times) + 0.5 * (max(times) - min(times))) // EPOCH * EPOCH
    paths = [folder / "first.jsonl.zst", folder / "second.jsonl.zst"]
    for path, wanted in zip(paths, (False, True), strict=True):
        part = [line for line, time in zip(lines, times, strict=True) if (time >= middle) == wanted]
        path.write_bytes(zstandard.compress(b"".join(part)))
    return paths


def assert_refused_under_another_key(config: Path, folder: Path) -> None:
    key = folder / "another.key"
    key.write_text("a key of sixteen bytes or more")
    done = subprocess.run(
        command(config, "worker"),
        cwd=ROOT,
        env={**os.environ, "GAUGER_KEY_FILE": str(key)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr[-2_000:]
    assert "set GAUGER_KEY_FILE to the key of this state" in done.stderr


def test_warm_workers_find_what_a_replay_of_all_finds(
    options: KafkaOptions, workers: Workers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_topics(options, 2)
    first, second = halves(tmp_path)
    before = replayed(workers.config, tmp_path, [first], FACTS)
    whole = replayed(workers.config, tmp_path, [first, second], FACTS)
    assert whole.alerts.keys() > before.alerts.keys()
    late = {key: one for key, one in whole.alerts.items() if key not in before.alerts}
    said = run_verb(workers.config, "warm", str(first), "--facts", str(FACTS))
    assert f"records of state for {options.application}: start gauger worker" in said
    assert_refused_under_another_key(workers.config, tmp_path)
    run_verb(workers.config, "publish", str(second))
    workers.start()
    expected = Output(late, {})
    found = wait_for(options, expected, 240.0, workers.supervise)
    assert found.alerts == late, f"{found.difference(expected)}\n{workers.logs()}"
    assert_refused_under_another_key(workers.config, tmp_path)
    assert main(["--config", str(workers.config), "warm", str(first)]) == 1
    assert "have been started before" in capsys.readouterr().err
