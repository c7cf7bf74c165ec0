"""An application for each fault, on a broker that all share, and what must come of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from kafka import KafkaAdminClient, TopicPartition

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.security import kafka_python_arguments
from tests.broker.harness import KafkaBroker
from tests.integration.output import Output
from tests.integration.workers import (
    ROOT,
    Workers,
    command,
    create_topics,
    run_verb,
    wait_for,
    write_config,
)
from tests.long.recording import SECTIONS

PARTITIONS = 2
_SECONDS = 600.0


@dataclass(frozen=True)
class Traffic:
    """A recording in pieces, facts, and what a run without faults gives."""

    pieces: Sequence[Path]
    facts: Path
    expected: Output


@dataclass
class Scene:
    """One application.

    Attributes:
        name: Its name, and the prefix of its topics.
        broker: Where it is at work.
        traffic: What it reads.
        folder: For its logs and settings.
        groups: Its workers, those of a kind together.
    """

    name: str
    broker: KafkaBroker
    traffic: Traffic
    folder: Path
    groups: list[Workers] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.options = KafkaOptions(
            bootstrap_servers=self.broker.bootstrap_servers,
            application=self.name,
            prefix=self.name,
            partitions=PARTITIONS,
            checkpoint_seconds=1.0,
        )
        self.names = TopicNames.of(self.options)
        create_topics(self.options, PARTITIONS)
        self.config = write_config(self.folder, SECTIONS, self.options, idle_seconds=300.0)

    def workers(
        self,
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        config: Path | None = None,
    ) -> Workers:
        """One worker more, the first of its kind."""
        folder = self.folder / f"kind-{len(self.groups)}"
        folder.mkdir()
        made = Workers(config or self.config, folder, before=before, environment=environment or {})
        self.groups.append(made)
        made.start()
        return made

    def publish(self, number: int) -> None:
        """The next piece of the recording; facts come with the first, its end with the last."""
        last = number + 1 == len(self.traffic.pieces)
        extra = [] if last else ["--no-end"]
        extra += ["--facts", str(self.traffic.facts)] if number == 0 else []
        run_verb(self.config, "publish", *extra, str(self.traffic.pieces[number]))

    def work(self, seconds: float) -> None:
        """Let workers work, started again whenever one ends."""
        wait_for(self.options, self.traffic.expected, seconds, self.supervise)

    def supervise(self) -> None:
        """Start again what has ended."""
        for workers in self.groups:
            workers.supervise()

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 400.0) -> None:
        """Wait for something; nobody is started again meanwhile."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not come\n{self.logs()}"
            time.sleep(1.0)

    def require_equal(self) -> None:
        """All that a run without faults gives, to the byte, and nothing else."""
        found = wait_for(self.options, self.traffic.expected, _SECONDS, self.supervise)
        difference = found.difference(self.traffic.expected)
        assert found.equals(self.traffic.expected), f"{difference}\n{self.logs()}"

    def until_saved(self) -> None:
        """Wait until every partition has acknowledged messages, which a checkpoint then covers."""
        topics = (self.names.events, self.names.ties)
        logs = {TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)}
        logs.add(TopicPartition(self.names.findings, 0))
        self.until(lambda: self._acknowledged() >= logs, "a first checkpoint of every partition")

    def _acknowledged(self) -> set[TopicPartition]:
        group = self.options.application
        with self.administrator() as admin:
            if group not in {one["group_id"] for one in admin.list_groups()}:
                return set()
            offsets = admin.list_group_offsets({group: None})[group]
        return {log for log, offset in offsets.items() if offset.offset > 0}

    def said(self, event: str) -> int:
        """How often workers have logged an event."""
        return self.logs(whole=True).count(f'"event": "{event}"')

    def logs(self, *, whole: bool = False) -> str:
        """What workers have logged, or the end of it."""
        if not whole:
            return "\n".join(workers.logs() for workers in self.groups)
        paths = sorted(self.folder.glob("kind-*/worker-*"))
        return "\n".join(path.read_text(errors="replace") for path in paths)

    def problems(self) -> list[str]:
        """What the doctor calls a problem."""
        done = subprocess.run(
            command(self.config, "doctor", "--json"), cwd=ROOT, capture_output=True, check=False
        )
        checks = orjson.loads(done.stdout)["checks"]
        return [one["text"] for one in checks if one["status"] == "problem"]

    @contextmanager
    def administrator(self) -> Iterator[KafkaAdminClient]:
        """A client that may do everything."""
        admin = KafkaAdminClient(**kafka_python_arguments(self.options))
        try:
            yield admin
        finally:
            admin.close()

    def stop(self) -> None:
        """Stop all workers."""
        for workers in self.groups:
            workers.stop()
