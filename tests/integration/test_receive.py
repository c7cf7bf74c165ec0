"""`gauger receive` as users run it, into a real broker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import Request, urlopen

import orjson
import pytest

from stream.broker.options import KafkaOptions
from stream.broker.topics import settle_topics
from stream.edge import Sketcher
from tests.broker.harness import KafkaBroker
from tests.integration.logins import without_security
from tests.integration.records import records_of
from tests.integration.workers import ROOT, command, write_config

PROMPT = "Count the lighthouses of the coast from north to south and say which still burn oil."


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    chosen = replace(
        without_security(broker), prefix=topic_prefix, application=topic_prefix, partitions=2
    )
    settle_topics(chosen)
    return chosen


@contextmanager
def receiving(config: Path, *more: str) -> Iterator[str]:
    """Its address; it is told to stop at the end, and must do so in good order."""
    running = subprocess.Popen(
        command(config, "receive", "--port", "0", *more), cwd=ROOT, stderr=subprocess.PIPE
    )
    assert running.stderr
    try:
        yield next(
            event["url"]
            for event in (orjson.loads(one) for one in running.stderr if one.startswith(b"{"))
            if event["event"] == "receiving"
        )
    finally:
        running.terminate()
        told, _ = running.communicate(timeout=60)
    assert running.returncode == 0, told


def post(url: str, body: bytes) -> object:
    with urlopen(Request(url, data=body)) as answer:
        return orjson.loads(answer.read())


def values(options: KafkaOptions, topic: str) -> list[bytes]:
    found = records_of(options, f"{options.prefix}.{topic}")
    return [record.value for records in found.values() for record in records]


def test_what_is_acknowledged_is_in_its_topic_and_text_is_not(
    options: KafkaOptions, tmp_path: Path
) -> None:
    config = write_config(tmp_path, "", options)
    texts = {"prompt": PROMPT, "system": PROMPT}
    requests = [{"id": f"r{row}", "time": 1.5, "account": f"a{row % 9}"} for row in range(500)]
    body = b"\n".join(orjson.dumps(request | texts) for request in requests)
    fact = b'{"account":"a","time":1789000000,"plan":"pro"}'
    with receiving(config, "--sketch") as url:
        with urlopen(f"{url}/readyz") as answer:
            assert answer.status == 200
        assert post(f"{url}/ingest/native", body) == {"records": 500}
        assert post(f"{url}/facts", fact) == {"records": 1}
        found = [orjson.loads(value) for value in values(options, "requests")]
        assert values(options, "facts") == [fact]
    sketch = {"sketch": Sketcher(None).sketch(PROMPT, PROMPT)}
    assert sorted(found, key=lambda one: int(one["id"][1:])) == [one | sketch for one in requests]
