"""A Kafka broker for the tests that need one: a given one, one in Docker, or one in Java."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from tests.broker.engines import Engine, find_engine
from tests.broker.harness import KafkaBroker
from tests.broker.jars import NoBroker
from tests.leaving import leave_out

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class GivenBroker:
    """A broker that is not ours: nobody starts or stops it."""

    bootstrap_servers: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a broker."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("broker")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """What runs brokers here; where nothing does, the test is left out, loudly."""
    try:
        return find_engine()
    except NoBroker as error:
        leave_out(f"no Kafka broker: {error}; or set KAFKA_BOOTSTRAP_SERVERS")


@pytest.fixture(scope="session")
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GivenBroker | KafkaBroker]:
    """A broker without security, shared by all tests: no test may stop it."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield GivenBroker(given)
        return
    engine = request.getfixturevalue("engine")
    with KafkaBroker(tmp_path_factory.mktemp("broker"), engine=engine, quick=True) as own:
        yield own


@pytest.fixture(scope="session")
def secured_broker(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaBroker]:
    """A broker of ours that listens for TLS and SASL, shared by all tests."""
    folder = tmp_path_factory.mktemp("secured")
    with KafkaBroker(folder, secured=True, engine=engine, quick=True) as own:
        yield own


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a process that has all of Gauger loaded and runs its commands."""
    path = tmp_path_factory.mktemp("server") / "socket"
    process = subprocess.Popen([sys.executable, "-m", "tests.fast_gauger", str(path)], cwd=ROOT)
    try:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.05)
        yield path
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def own_broker(engine: Engine, tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker for one test, which may stop, kill, pause and restart it."""
    with KafkaBroker(tmp_path, engine=engine, quick=True) as own:
        yield own


@pytest.fixture
def topic_prefix(broker: GivenBroker | KafkaBroker) -> Iterator[str]:
    """A prefix of topics, applications and groups for one test; its topics are deleted after it."""
    prefix = f"test-{uuid4().hex[:10]}"
    yield prefix
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        topics = [topic for topic in admin.list_topics() if topic.startswith(prefix)]
        if topics:
            admin.delete_topics(topics)
    finally:
        admin.close()
