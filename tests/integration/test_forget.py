"""An account is forgotten by a live deployment: its state, its scores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.worker.checkpoints import Checkpoints
from stream.worker.seeding import SeedTable
from tests.integration.conftest import GivenBroker
from tests.integration.test_application import FACTS, SAMPLE, SECTIONS
from tests.integration.workers import (
    Workers,
    create_topics,
    records,
    replayed,
    run_verb,
    wait_for,
    write_config,
)

PARTITIONS = 2


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=PARTITIONS,
        checkpoint_seconds=1.0,
    )


@pytest.fixture
def workers(options: KafkaOptions, server: Path, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(write_config(tmp_path, SECTIONS, options), tmp_path, server)
    yield made
    made.end()


def latest(options: KafkaOptions, topic: str) -> dict[bytes, bytes | None]:
    """What compaction would leave of a topic, tombstones included."""
    return {bytes(one.key): one.value and bytes(one.value) for one in records(options, topic)}


def saved_names(options: KafkaOptions) -> set[str]:
    """Accounts in the last checkpoints."""
    topic = TopicNames.of(options).accounts_changelog
    kept = {key: value for key, value in latest(options, topic).items() if value is not None}
    names: set[str] = set()
    for number in range(PARTITIONS):
        saved = Checkpoints(SeedTable(kept), number).read()
        for piece in saved.pieces if saved is not None else ():
            names.update(piece.get("names", ()))
    return names


def test_a_forgotten_account_is_gone_from_checkpoints_and_scores(
    options: KafkaOptions, workers: Workers, tmp_path: Path
) -> None:
    create_topics(options, 1)
    expected = replayed(workers.config, tmp_path, [SAMPLE], FACTS)
    alerts: list[dict[str, Any]] = [
        orjson.loads(one) for several in expected.alerts.values() for one in several
    ]
    scored = {key[1] for key in expected.scores if key[0] == "account"}
    name = min({account for alert in alerts for account in alert["accounts"]} & scored)
    run_verb(workers.config, "publish", str(SAMPLE), "--facts", str(FACTS))
    workers.start()
    wait_for(options, expected, 240.0, workers.supervise)
    deadline = time.monotonic() + 60
    while name not in saved_names(options):
        assert time.monotonic() < deadline, workers.logs()
        time.sleep(1)
    said = run_verb(workers.config, "forget", name)
    assert "asked the workers to forget 1 account" in said
    assert TopicNames.of(options).alerts in said
    scores = TopicNames.of(options).account_scores
    while name in saved_names(options) or latest(options, scores)[name.encode()] is not None:
        assert time.monotonic() < deadline + 60, workers.logs()
        time.sleep(1)
    assert len(saved_names(options)) > 100
    assert workers.restarts == 0, workers.logs()
