"""Applications on a broker of one's own, and what they take: processor time, records, bytes."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from bench.recordings import EPOCH_SECONDS
from models.wire.codec import Assembler, read_frame
from models.wire.protocol import Progress
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import kafka_python_arguments
from tests.broker.harness import KafkaBroker
from tests.integration.workers import Workers, children, create_topics, records, write_config

LATENESS = 120.0
WAIT = 900.0
"""Seconds after which whatever is waited for will not come."""

_SECTIONS = f"[epoch]\nseconds = {EPOCH_SECONDS:.0f}\nlateness_seconds = {LATENESS:.0f}\n"
_TICK = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Fields of /proc/PID/stat after the name, which ends with the last parenthesis."""


class Bench:
    """A broker, and a fresh application for each measurement."""

    def __init__(self, broker: KafkaBroker, folder: Path, partitions: int) -> None:
        self._broker = broker
        self._folder = folder
        self._partitions = partitions
        self._numbers = count()

    def application(self, partitions: int | None = None) -> tuple[KafkaOptions, Workers]:
        """Topics and settings of a new application."""
        name = f"bench{next(self._numbers)}"
        partitions = partitions or self._partitions
        options = KafkaOptions(
            bootstrap_servers=self._broker.bootstrap_servers,
            application=name,
            prefix=name,
            partitions=partitions,
            checkpoint_seconds=10.0,
            account_scores=False,
        )
        create_topics(options, partitions)
        folder = self._folder / name
        folder.mkdir()
        config = write_config(folder, _SECTIONS, options, account_scores=False)
        return options, Workers(config, folder)

    def recording(self, lines: Iterable[bytes]) -> tuple[Path, int]:
        """The lines as a file, and how many."""
        path = self._folder / f"recording{next(self._numbers)}.jsonl"
        written = 0
        with path.open("wb") as out:
            for line in lines:
                out.write(line + b"\n")
                written += 1
        return path, written


class CpuClock:
    """Processor time of processes, sampled, so that any two moments can be compared.

    A context manager that samples as long as it is open.

    Args:
        names: Process ids by what they are called here.
    """

    _PERIOD = 0.25

    def __init__(self, names: Mapping[str, int]) -> None:
        self._names = dict(names)
        self._moments: list[float] = []
        self._seconds: dict[str, list[float]] = {name: [] for name in names}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(self._PERIOD):
            self._moments.append(time.time())
            for name, seconds in self._seconds.items():
                known = cpu_seconds(self._names[name])
                # One that has ended keeps what it had.
                seconds.append(max([known, *seconds[-1:]]))

    def between(self, start: float, end: float) -> dict[str, float]:
        """Seconds that each process took between two moments, seconds since 1970."""
        return {
            name: float(np.diff(np.interp([start, end], self._moments, seconds))[0])
            for name, seconds in self._seconds.items()
        }


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far; 0 if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICK


def processes_of(workers: Workers) -> dict[str, int]:
    """The stages and ingest of the first worker once they run, and the broker if it is our child.

    Raises:
        SystemExit: Ingest does not start.
    """
    stages = workers.running[0].pid
    found = {"stages": stages}
    deadline = time.monotonic() + WAIT
    while not (ingest := children(stages)):
        if time.monotonic() > deadline or workers.running[0].poll() is not None:
            raise SystemExit(f"the worker does not start:\n{workers.logs()}")
        time.sleep(0.05)
    found["ingest"] = ingest[0]
    for child in children(os.getpid()):
        program, *arguments = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        # Docker's client has the same arguments.
        if program.endswith(b"java") and b"kafka.Kafka" in arguments:
            found["broker"] = child
    return found


def wait_until_reading(workers: Workers, partitions: int) -> None:
    """Until ingest has taken so many partitions; the stages have theirs within seconds of it.

    Raises:
        SystemExit: It does not.
    """
    deadline = time.monotonic() + WAIT
    while sum(log.read_text().count("source_taken") for log in _logs(workers)) < partitions:
        if time.monotonic() > deadline:
            raise SystemExit(f"the worker does not read:\n{workers.logs()}")
        time.sleep(0.5)


def _logs(workers: Workers) -> Iterator[Path]:
    return workers.folder.glob("worker-*.log")


class TopicSize(NamedTuple):
    """Records of a topic, and the bytes that they take on the broker's disk."""

    records: int
    size: int


def topic_sizes(options: KafkaOptions) -> dict[str, TopicSize]:
    """All topics of an application as they are, by the name that `TopicNames` has for them."""
    names = TopicNames.of(options)
    called = {
        names.requests[0]: "requests",
        **{
            getattr(names, name): name
            for name in ("events", "ties", "control", "findings", "sources")
        },
        names.accounts_changelog: "accounts changelog",
        names.ties_changelog: "ties changelog",
        names.head_changelog: "head changelog",
    }
    sizes: dict[str, int] = defaultdict(int)
    admin = KafkaAdminClient(**kafka_python_arguments(options))
    consumer = KafkaConsumer(**kafka_python_arguments(options))
    try:
        for topic, partition in _log_sizes(admin.describe_log_dirs(list(called))):
            sizes[topic] += partition
        return {
            name: TopicSize(_records(consumer, topic), sizes[topic])
            for topic, name in called.items()
        }
    finally:
        consumer.close()
        admin.close()


def _log_sizes(brokers: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for broker in brokers:
        for folder in broker["log_dirs"]:
            for topic in folder["topics"]:
                for partition in topic["partitions"]:
                    yield topic["name"], partition["partition_size"]


def _records(consumer: KafkaConsumer, topic: str) -> int:
    partitions = [
        TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
    ]
    return sum(consumer.end_offsets(partitions).values())


def messages(options: KafkaOptions, topic: str) -> Iterator[tuple[int, Any]]:
    """Messages of an internal topic, each with the broker's time in milliseconds."""
    assembler = Assembler()
    for record in records(options, topic):
        message = assembler.add(read_frame(record.value))
        if message is not None:
            yield record.timestamp, message


def wait_for_epoch(options: KafkaOptions, epoch: int) -> int:
    """When this epoch was concluded (the broker's milliseconds).

    Raises:
        SystemExit: It was not, for too long.
    """
    deadline = time.monotonic() + WAIT
    control = TopicNames.of(options).control
    while time.monotonic() < deadline:
        for moment, message in messages(options, control):
            if isinstance(message, Progress) and message.epoch >= epoch:
                return moment
        time.sleep(1.0)
    raise SystemExit(f"epoch {epoch} was not concluded within {WAIT:.0f} s")


def epoch_of(seconds: float) -> int:
    """The epoch of an event time."""
    return int(seconds // EPOCH_SECONDS)
