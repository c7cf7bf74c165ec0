"""Speed of `gauger publish` at top speed beside `orjson.loads`: `python -m bench.publish`.

Needs a broker: that of KAFKA_BOOTSTRAP_SERVERS, else one of its own, on the same cores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

from kafka import KafkaAdminClient

from bench.measure import Job, interleave
from bench.recordings import simulated, spaced
from bench.speed.jobs import DENSE, FULL, parse
from bench.speed.table import Row, shown
from stream.broker.options import KafkaOptions
from stream.broker.publish import PublishPlan, publish_files
from stream.replay.progress import Position
from stream.settings import Settings
from tests.broker.harness import KafkaBroker

PARTITIONS = 6
REPEATS = 5
"""Publishing takes a moment to begin: enough lines that it does not show."""


class Nobody:
    """Shows no progress."""

    def show(self, position: Position) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            _print(given, Path(folder))
            return
        with KafkaBroker(Path(folder)) as broker:
            _print(broker.bootstrap_servers, Path(folder))


def _print(servers: str, folder: Path) -> None:
    for row in publishing(servers, folder):
        print(shown(row), flush=True)


def publishing(servers: str, folder: Path) -> Iterator[Row]:
    """Publish a recording of 1.2 kB lines into a topic of its own, which is deleted after.

    Args:
        servers: A broker without security.
        folder: Takes the recording.
    """
    lines = spaced(simulated(FULL.events) * REPEATS, DENSE)
    recording = folder / "events.jsonl"
    recording.write_bytes(b"".join(line + b"\n" for line in lines))
    topic = f"bench-{uuid4().hex[:8]}"
    plan = PublishPlan(recordings=(str(recording),), topic=topic)
    settings = Settings(kafka=KafkaOptions(bootstrap_servers=servers))
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
    try:
        jobs: dict[str, Job] = {
            "parse": partial(parse, lines),
            "publish": partial(publish_files, plan, settings, Nobody()),
        }
        timings = interleave(jobs, FULL.rounds)
    finally:
        admin.delete_topics([topic])
        admin.close()
    what = f"publish, 1.2 kB with text, {PARTITIONS} partitions"
    yield Row(f"{what}, CPU", timings.ratio("publish", "parse"), "× orjson")
    yield Row(f"{what}, a core", len(lines) / timings.cpu_median("publish"), "/s")
    rate = len(lines) / timings.wall_median("publish")
    yield Row(f"{what}, wall clock, broker beside it", rate, "/s", "≥ 100,000")


if __name__ == "__main__":
    main()
