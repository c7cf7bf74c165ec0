"""Metrics and health of workers and forwarders as users run them, scraped by a real Prometheus."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import orjson
import pytest

from stream.broker.options import KafkaOptions
from tests.broker.packages import Programs
from tests.integration.conftest import GivenBroker
from tests.integration.workers import (
    ROOT,
    Workers,
    children,
    command,
    create_topics,
    open_binary,
    run_verb,
    write_config,
)

SAMPLE = ROOT / "examples" / "events.jsonl.zst"
DEPLOY = ROOT / "deploy"
NOT_HERE = ("gauger_receive",)
"""Of a process that this run has not."""
REQUESTS = 2_000
TOKEN = "of-this-test"
SECTIONS = """
[epoch]
seconds = 3600
[metrics]
port = {port}
tokens_file = "{tokens}"
stuck_seconds = 6.0
"""
_SECONDS = 90.0


def panels() -> list[str]:
    """Queries of the dashboard, but for those that nothing of this run can answer."""
    shown = orjson.loads((DEPLOY / "dashboard.json").read_bytes())["panels"]
    queries = [target["expr"] for panel in shown for target in panel.get("targets", ())]
    return [query for query in queries if not any(name in query for name in NOT_HERE)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def get(port: int, path: str, token: str = "") -> tuple[int, str]:
    """Status and body; 0 where nobody listens."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def wait_until(holds: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


@contextmanager
def running(*words: str, log: Path) -> Iterator[None]:
    """A program, told to stop at the end."""
    with log.open("wb") as out:
        process = subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def workers(server: Path, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path / "unset.toml", tmp_path, server)
    yield made
    made.end()


class Prometheus:
    """A Prometheus that scrapes some ports each second."""

    def __init__(self, folder: Path, ports: dict[str, int]) -> None:
        self.port = free_port()
        jobs = [
            {
                "job_name": name,
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "authorization": {"credentials": TOKEN},
                "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
            }
            for name, port in ports.items()
        ]
        config = folder / "prometheus.json"
        settings = {
            "global": {"evaluation_interval": "1s"},
            "rule_files": [str(DEPLOY / "gauger-rules.yml")],
            "scrape_configs": jobs,
        }
        config.write_bytes(orjson.dumps(settings))
        self.arguments = [
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def series(self, query: str) -> list[Any]:
        """What a query gives."""
        status, body = get(self.port, f"/api/v1/query?{urlencode({'query': query})}")
        return list(orjson.loads(body)["data"]["result"]) if status == 200 else []

    def value(self, query: str) -> float | None:
        """The value of a query that gives one; None where it gives none."""
        found = self.series(query)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None


def test_a_worker_and_a_forwarder_are_scraped_and_probed(
    broker: GivenBroker, topic_prefix: str, programs: Programs, workers: Workers, tmp_path: Path
) -> None:
    options = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
        checkpoint_seconds=1.0,
    )
    port, forwarder, tokens = free_port(), free_port(), tmp_path / "tokens"
    tokens.write_text(f"prometheus {sha256(TOKEN.encode()).hexdigest()}\n", "utf-8")
    sections = SECTIONS.format(port=port, tokens=tokens)
    config = workers.config = write_config(tmp_path, sections, options)
    create_topics(options, 2)
    with open_binary(SAMPLE) as sample:
        lines = b"".join(islice(sample, REQUESTS))
    recording = tmp_path / "some.jsonl"
    recording.write_bytes(lines + b"{\n")
    run_verb(config, "publish", str(recording))

    seen = set()

    def ready() -> bool:
        status, body = get(port, "/readyz")
        seen.add(status)
        return status == 200 and "ready" in body

    prometheus = Prometheus(tmp_path, {"gauger": port, "forward": forwarder})
    forward = command(config, "forward", "--to", f"file:{tmp_path / 'sent'}")
    forward += ["--metrics-port", str(forwarder)]
    scraper = [str(programs.prometheus), *prometheus.arguments]
    with (
        running(*scraper, log=tmp_path / "prometheus.log"),
        running(*forward, log=tmp_path / "forward.log"),
    ):
        workers.start()
        wait_until(ready, workers.logs)
        # It was asked before it was at work, and has said so.
        assert 503 in seen
        assert get(port, "/metrics")[0] == 401

        topic = f'topic="{topic_prefix}.requests"'
        wanted = {
            'up{job="gauger"}': 1,
            'up{job="forward"}': 1,
            # A mark a minute for each partition is a record too.
            f"gauger_requests_total{{{topic}}} >= bool {REQUESTS}": 1,
            f"gauger_dead_letters_total{{{topic}}}": 1,
            f"sum(gauger_source_lag_records{{{topic}}})": 0,
            "sum(gauger_stage_partitions)": 5,
            "gauger_ready": 1,
            "count(process_resident_memory_bytes{job='gauger'} > 0)": 2,
            f'gauger_field_fill_ratio{{{topic},field="account"}}': 1,
            'sum(gauger_state_entries{stage="accounts"}) > bool 0': 1,
            "gauger_epochs_total > bool 0": 1,
            "gauger_forward_records_total": 0,
            "gauger_forward_sink_unavailable": 0,
        }

        def answers() -> dict[str, float | None]:
            return {query: prometheus.value(query) for query in wanted}

        wait_until(lambda: answers() == wanted, lambda: f"{answers()}\n{workers.logs()}")

        # Rates are of what comes while somebody watches.
        run_verb(config, "publish", str(recording))

        def empty() -> set[str]:
            return {query for query in panels() if not prometheus.series(query)}

        wait_until(lambda: not empty(), lambda: f"{empty()}\n{workers.logs()}")
        _stands_still_and_goes_on(workers, port)


def _stands_still_and_goes_on(workers: Workers, port: int) -> None:
    """Ingest is a process beside the one that answers: what stops it is seen all the same."""
    [worker] = workers.running
    [ingest] = children(worker.pid)
    assert get(port, "/healthz") == (200, "ok\n")
    os.kill(ingest, signal.SIGSTOP)
    try:
        wait_until(lambda: get(port, "/healthz")[0] == 503, workers.logs)
        assert get(port, "/healthz")[1].startswith("ingest stand")
        assert get(port, "/metrics", TOKEN)[0] == 200
    finally:
        os.kill(ingest, signal.SIGCONT)
    wait_until(lambda: get(port, "/healthz")[0] == 200, workers.logs)
