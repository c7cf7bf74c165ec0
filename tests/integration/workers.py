"""Workers as users run them, processes of their own, and what they have written so far."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import orjson
import zstandard
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import kafka_python_arguments
from stream.broker.topics import settle_topics
from stream.cli import main
from tests.fast_process import FastProcess
from tests.integration.output import Output, note_alert, note_score

ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 60

Victims = Literal["stages", "ingest", "both"]


def command(config: Path, *verb: str) -> list[str]:
    """The command line of a verb of ours."""
    return [sys.executable, "-m", "stream.cli", "--config", str(config), *verb]


def run_verb(config: Path, *verb: str) -> str:
    """Run a verb to its end, here, where all is loaded; its standard output."""
    said, told = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(told):
        status = main(["--config", str(config), *verb])
    assert status == 0, told.getvalue()[-2_000:]
    return said.getvalue()


def write_config(folder: Path, sections: str, options: KafkaOptions, **kafka: Any) -> Path:
    """A settings file: the given sections, and the cluster."""
    values = {
        "bootstrap_servers": options.bootstrap_servers,
        "application": options.application,
        "prefix": options.prefix,
        "partitions": options.partitions,
        "checkpoint_seconds": options.checkpoint_seconds,
        **kafka,
    }
    lines = [f"{key} = {orjson.dumps(value).decode()}" for key, value in values.items()]
    path = folder / f"{options.application}.toml"
    path.write_text("\n".join([sections, "[kafka]", *lines]) + "\n", encoding="utf-8")
    return path


def create_topics(options: KafkaOptions, request_partitions: int) -> None:
    """All topics; the request topic with partitions of its own number."""
    admin = KafkaAdminClient(**kafka_python_arguments(options))
    try:
        # Recorded requests bear old times: by those the broker would delete them at once.
        admin.create_topics(
            {
                TopicNames.of(options).requests[0]: {
                    "num_partitions": request_partitions,
                    "replication_factor": 1,
                    "configs": {"message.timestamp.type": "LogAppendTime"},
                }
            }
        )
    finally:
        admin.close()
    settle_topics(options)


@dataclass
class Workers:
    """Processes of `gauger worker`, each with its log.

    Attributes:
        server: The socket of `tests.fast_gauger`, which starts them sooner; None: as users do.
        before: What runs their command.
    """

    config: Path
    folder: Path
    server: Path | None = None
    running: list[subprocess.Popen[bytes] | FastProcess] = field(default_factory=list)
    restarts: int = 0
    before: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """One more."""
        number = len(list(self.folder.glob("worker-*")))
        words = command(self.config, "worker")
        with (self.folder / f"worker-{number}.log").open("ab") as log:
            environment = {**os.environ, **self.environment}
            self.running.append(
                subprocess.Popen(
                    [*self.before, *words], cwd=ROOT, stdout=log, stderr=log, env=environment
                )
                if self.server is None
                else FastProcess(self.server, words[3:], ROOT, [0, log.fileno(), log.fileno()])
            )

    def kill(self, number: int, victims: Victims = "both") -> None:
        """End processes of one worker by SIGKILL, and start another in its place."""
        worker = self.running[number]
        started = children(worker.pid) if victims != "stages" else []
        for child in started:
            os.kill(child, signal.SIGKILL)
        if victims == "ingest" and started:
            # The stages end by themselves when their ingest is gone.
            worker.wait(_STOP_SECONDS)
        else:
            worker.kill()
            worker.wait()
        self.running.remove(worker)
        self.start()

    def remove(self, number: int) -> None:
        """Let one stop as an operator does."""
        worker = self.running.pop(number)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(_STOP_SECONDS) == 0, self.logs()

    def supervise(self) -> None:
        """Start again whatever has ended by itself, as a supervisor does."""
        for worker in [one for one in self.running if one.poll() is not None]:
            self.running.remove(worker)
            self.restarts += 1
            self.start()

    def stop(self) -> None:
        """Stop all."""
        for worker in self.running:
            worker.send_signal(signal.SIGTERM)
        for worker in self.running:
            try:
                worker.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.running = []

    def end(self) -> None:
        """End all at once, as nobody waits for what they do any more."""
        for worker in self.running:
            for child in children(worker.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            worker.kill()
            worker.wait()
        self.running = []

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(
            path.read_text(errors="replace")[-3_000:]
            for path in sorted(self.folder.glob("worker-*"))
        )


def open_binary(path: Path) -> IO[bytes]:
    """The lines of a recording that was compressed by zstd."""
    return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb")))


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def records(options: KafkaOptions, topic: str) -> Iterator[Any]:
    """All records of a topic, as it is now."""
    # Checksums in plain Python would take longer than all the rest.
    consumer = KafkaConsumer(
        **kafka_python_arguments(options),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=False,
    )
    try:
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        for partition in partitions:
            while consumer.position(partition) < ends[partition]:
                for several in consumer.poll(timeout_ms=500).values():
                    yield from several
    finally:
        consumer.close()


class Written:
    """What the workers have written so far, read on as it grows."""

    def __init__(self, options: KafkaOptions) -> None:
        names = TopicNames.of(options)
        self._alerts = names.alerts
        self._consumer = KafkaConsumer(
            **kafka_python_arguments(options),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        partitions = [
            TopicPartition(topic, number)
            for topic in (names.alerts, names.account_scores, names.cluster_scores)
            for number in self._consumer.partitions_for_topic(topic) or ()
        ]
        self._consumer.assign(partitions)
        self._consumer.seek_to_beginning(*partitions)
        self.output = Output({}, {})

    def update(self) -> Output:
        """Read what is there."""
        while True:
            got = self._consumer.poll(timeout_ms=300, max_records=5_000)
            if not got:
                return self.output
            for partition, several in got.items():
                for record in several:
                    self._note(partition.topic, bytes(record.value))

    def _note(self, topic: str, value: bytes) -> None:
        if topic == self._alerts:
            note_alert(self.output, value)
        else:
            note_score(self.output, value)

    def close(self) -> None:
        """Read no more."""
        self._consumer.close()


def replayed(config: Path, folder: Path, files: Sequence[Path], facts: Path | None) -> Output:
    """What a local replay of the same recordings gives."""
    alerts, scores = folder / "replayed-alerts.jsonl", folder / "replayed-scores.jsonl"
    extra = ["--facts", str(facts)] if facts else []
    run_verb(
        config, "replay", *map(str, files), *extra, "--alerts", str(alerts), "--scores", str(scores)
    )
    output = Output({}, {})
    for alert in alerts.read_bytes().splitlines():
        note_alert(output, alert)
    for score in scores.read_bytes().splitlines():
        note_score(output, score)
    return output


def wait_for(
    options: KafkaOptions, expected: Output, seconds: float, meanwhile: Callable[[], None]
) -> Output:
    """What is written once everything that is expected is there, or the time is over."""
    deadline = time.monotonic() + seconds
    written = Written(options)
    try:
        while True:
            meanwhile()
            found = written.update()
            if found.covers(expected) or time.monotonic() > deadline:
                return found
            time.sleep(0.5)
    finally:
        written.close()
