"""Speed through Kafka, the broker on the same cores: `make bench-kafka`.

One run holds everything: our workers and the straightforward pipeline (`bench/naive.py`) take turns
on the same events and the same broker; times are the broker's own, from its records. A first
round is not counted: the broker's compiler is at work then, which no broker that runs for long
knows.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from bench.recordings import EPOCH_SECONDS, START, of_accounts, simulated, spaced
from bench.speed import Row, shown
from models.wire.codec import Assembler, read_frame
from models.wire.protocol import Progress, Rows
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from tests.broker.harness import KafkaBroker
from tests.integration.workers import (
    ROOT,
    Workers,
    create_topics,
    records,
    run_verb,
    write_config,
)

DENSE = 5_000
ROUNDS = 3
EVENTS = 300_000
SEEDS = (1, 2, 3)
NAIVE_EVENTS = 20_000
MILLION = 1_000_000
LATENESS = 120.0
_SECTIONS = f"[epoch]\nseconds = {EPOCH_SECONDS:.0f}\nlateness_seconds = {LATENESS:.0f}\n"
_WAIT = 900.0


class Bench:
    """A broker, and a fresh application for each measurement."""

    def __init__(self, broker: KafkaBroker, folder: Path, partitions: int) -> None:
        self._broker = broker
        self._folder = folder
        self._partitions = partitions
        self._numbers = count()

    def application(self) -> tuple[KafkaOptions, Workers]:
        """Topics and settings of a new application."""
        name = f"bench{next(self._numbers)}"
        options = KafkaOptions(
            bootstrap_servers=self._broker.bootstrap_servers,
            application=name,
            prefix=name,
            partitions=self._partitions,
            checkpoint_seconds=10.0,
            account_scores=False,
        )
        create_topics(options, self._partitions)
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


def messages(options: KafkaOptions, topic: str) -> Iterator[tuple[int, Any]]:
    """Messages of an internal topic, each with the broker's time in milliseconds."""
    assembler = Assembler()
    for record in records(options, topic):
        message = assembler.add(read_frame(record.value))
        if message is not None:
            yield record.timestamp, message


def wait_for_epoch(options: KafkaOptions, epoch: int) -> int:
    """When this epoch was concluded (the broker's milliseconds)."""
    deadline = time.monotonic() + _WAIT
    control = TopicNames.of(options).control
    while time.monotonic() < deadline:
        for moment, message in messages(options, control):
            if isinstance(message, Progress) and message.epoch >= epoch:
                return moment
        time.sleep(1.0)
    raise SystemExit(f"epoch {epoch} was not concluded within {_WAIT:.0f} s")


def epoch_of(seconds: float) -> int:
    """The epoch of an event time."""
    return int(seconds // EPOCH_SECONDS)


def throughput(bench: Bench, path: Path, events: int, last: int, *, workers: int) -> float:
    """Events a second with the topic preloaded, from the first row passed on to the last epoch."""
    options, ours = bench.application()
    run_verb(ours.config, "publish", str(path))
    try:
        for _ in range(workers):
            ours.start()
        end = wait_for_epoch(options, last)
        rows = messages(options, TopicNames.of(options).events)
        start = min(moment for moment, message in rows if isinstance(message, Rows))
        return events / (end - start) * 1_000
    finally:
        ours.stop()


def naive(bench: Bench, path: Path) -> float:
    """Events a second of the straightforward pipeline."""
    options, ours = bench.application()
    run_verb(ours.config, "publish", "--no-end", str(path))
    done = subprocess.run(
        [
            sys.executable, "-m", "bench.naive", options.bootstrap_servers,
            TopicNames.of(options).requests[0], options.application, str(options.partitions),
            str(NAIVE_EVENTS),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=_WAIT,
    )  # fmt: skip
    # Faust hides and shows the terminal's cursor on the same line.
    _, brace, figures = done.stdout.rpartition("{")
    if not brace:
        raise SystemExit(f"the straightforward pipeline failed: {done.stderr[-2_000:]}")
    return NAIVE_EVENTS / float(orjson.loads(brace + figures)["seconds"])


def latencies(bench: Bench, path: Path, last: int, rate: float) -> list[float]:
    """Seconds from the append that lets an epoch be closed to the append of its conclusion."""
    options, ours = bench.application()
    try:
        ours.start()
        time.sleep(20.0)
        speed = rate * EPOCH_SECONDS / DENSE
        run_verb(ours.config, "publish", "--speed", f"{speed:.1f}", str(path))
        wait_for_epoch(options, last)
    finally:
        ours.stop()
    names = TopicNames.of(options)
    passed: dict[int, dict[int, int]] = {}
    for record in records(options, names.requests[0]):
        if record.value:
            # The first record of a partition that is beyond an epoch's end and the lateness.
            due = epoch_of(orjson.loads(record.value)["time"] - LATENESS) - 1
            passed.setdefault(due, {}).setdefault(record.partition, record.timestamp)
    concluded = {
        message.epoch: moment
        for moment, message in reversed(list(messages(options, names.control)))
        if isinstance(message, Progress)
    }
    return [
        (concluded[epoch] - max(moments.values())) / 1_000
        for epoch, moments in passed.items()
        if epoch in concluded and len(moments) == options.partitions
    ]


def restart(bench: Bench, accounts: int) -> tuple[float, float]:
    """Seconds from a worker's start, with so many accounts in state, to its first conclusion.

    Also the time of its start until then that went by before any partition was restored.
    """
    options, ours = bench.application()
    path, events = bench.recording(of_accounts(accounts, accounts, 0, 5 * DENSE))
    last = epoch_of(START + events * EPOCH_SECONDS / (5 * DENSE)) - 2
    run_verb(ours.config, "publish", "--no-end", str(path))
    more, _ = bench.recording(of_accounts(accounts, 8 * 5 * DENSE, events, 5 * DENSE))
    try:
        ours.start()
        wait_for_epoch(options, last - 1)
        time.sleep(15.0)
        ours.remove(0)
        run_verb(ours.config, "publish", str(more))
        start = time.time()
        ours.start()
        end = wait_for_epoch(options, last + 4) / 1_000
        return end - start, float(accounts)
    finally:
        ours.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-kafka", description=__doc__)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", choices=["throughput", "latency", "restart"])
    parser.add_argument(
        "--rate", type=float, help="requests a second for the latency; half of the top rate else"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "broker").mkdir()
        with KafkaBroker(folder / "broker") as broker:
            bench = Bench(broker, folder, arguments.partitions)
            rows = _rows(bench, arguments.only, arguments.workers, arguments.rate)
            for row in rows:
                print(shown(row), flush=True)


def _several() -> Iterator[bytes]:
    """Long enough that the start of the workers does not weigh: other requests of every seed."""
    first = 0
    for seed in SEEDS:
        lines = spaced(simulated(EVENTS, seed), DENSE, first)
        first += len(lines)
        yield from lines


def _rows(bench: Bench, only: str | None, workers: int, rate: float | None) -> Iterator[Row]:
    if only != "restart":
        path, events = bench.recording(_several())
        last = epoch_of(START + events * EPOCH_SECONDS / DENSE) - 1
    if only in {None, "throughput"} or (only == "latency" and rate is None):
        throughput(bench, path, events, last, workers=workers)
        pairs = [
            (throughput(bench, path, events, last, workers=workers), naive(bench, path))
            for _ in range(ROUNDS)
        ]
        ours = statistics.median(mine for mine, _ in pairs)
        ratio = statistics.median(mine / other for mine, other in pairs)
        rate = rate or ours / 2
        yield Row("through Kafka, 1.2 kB with text", ours, "/s", "≥ 40,000", "≥ 100,000")
        yield Row("the straightforward way", statistics.median(one for _, one in pairs), "/s")
        yield Row("over the straightforward way", ratio, "×", "≥ 10", "≥ 30")
    if rate is not None and only in {None, "latency"}:
        waits = latencies(bench, path, last, rate)
        cuts = statistics.quantiles(waits, n=100)
        yield Row(f"closing append to conclusion at {rate:,.0f}/s, p50", cuts[49], "s")
        yield Row(
            f"closing append to conclusion at {rate:,.0f}/s, p99", cuts[98], "s", "≤ 3", "≤ 1"
        )
    if only in {None, "restart"}:
        seconds, accounts = restart(bench, MILLION)
        yield Row(f"ready after a restart with {accounts:,.0f} accounts", seconds, "s", "≤ 60")


if __name__ == "__main__":
    main()
