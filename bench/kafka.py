"""Speed through Kafka, the broker on the same cores: a group of `make bench` (`make bench-kafka`).

One run holds everything: our workers and the straightforward pipelines (`bench/naive/`) take turns
on the same broker and the same requests, of which the slower read a part; times are the broker's
own, from its records. A first round is not counted: the broker's compiler is at work then, which no
broker that runs for long knows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import orjson

from bench.applications import (
    LATENESS,
    Bench,
    CpuClock,
    TopicSize,
    epoch_of,
    messages,
    processes_of,
    topic_sizes,
    wait_for_epoch,
    wait_until_reading,
)
from bench.naive.run import PIPELINES, Taken, missing
from bench.naive.run import run as run_naive
from bench.recordings import EPOCH_SECONDS, START, of_accounts, simulated, spaced
from bench.speed.growth import account_epochs
from bench.speed.jobs import DENSE, FULL, SMALL, Size
from bench.speed.table import Row, shown
from bench.speed.whole import MILLION
from models.wire.protocol import Progress, Rows
from stream.broker.names import TopicNames
from tests.broker.harness import KafkaBroker
from tests.integration.workers import records, run_verb

MANY = 32
"""Partitions of the run that shows what it costs to deal work out to many."""
PARTS = ("throughput", "latency", "restart")


class Passed(NamedTuple):
    """What a preloaded topic took to pass through.

    Attributes:
        wall: Seconds from the first row passed on to the last epoch concluded.
        cpu: Seconds of the processor meanwhile, by process.
        topics: What was written meanwhile and before.
    """

    wall: float
    cpu: dict[str, float]
    topics: dict[str, TopicSize]


def throughput(
    bench: Bench, path: Path, last: int, *, workers: int, partitions: int | None = None
) -> Passed:
    """Let workers read a preloaded topic to its last epoch."""
    options, ours = bench.application(partitions)
    run_verb(ours.config, "publish", str(path))
    try:
        for _ in range(workers):
            ours.start()
        with CpuClock(processes_of(ours)) as clock:
            end = wait_for_epoch(options, last) / 1_000
        passed_on = messages(options, TopicNames.of(options).events)
        start = min(moment for moment, message in passed_on if isinstance(message, Rows)) / 1_000
        # Where several workers share the work, the first stands for all.
        cpu = {name: workers * took for name, took in clock.between(start, end).items()}
        if "broker" in cpu:
            cpu["broker"] /= workers
        return Passed(end - start, cpu, topic_sizes(options))
    finally:
        ours.stop()


def naive(bench: Bench, path: Path, pipeline: str, events: int) -> Taken:
    """Let a straightforward pipeline read its part of the requests."""
    options, ours = bench.application()
    run_verb(ours.config, "publish", "--no-end", str(path))
    topic = TopicNames.of(options).requests[0]
    servers, application = options.bootstrap_servers, options.application
    return run_naive(pipeline, servers, topic, application, options.partitions, events)


def latencies(bench: Bench, path: Path, last: int, speed: float) -> list[float]:
    """Seconds from the append that lets an epoch be closed to the append of its conclusion."""
    options, ours = bench.application()
    try:
        ours.start()
        wait_until_reading(ours, options.partitions)
        time.sleep(5.0)
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


def restart(bench: Bench, accounts: int) -> float:
    """Seconds from a worker's start, with so many accounts in state, to its first conclusion."""
    options, ours = bench.application()
    dense = min(5 * DENSE, accounts // 10)
    path, events = bench.recording(of_accounts(accounts, accounts, 0, dense))
    last = epoch_of(START + events * EPOCH_SECONDS / dense) - 2
    run_verb(ours.config, "publish", "--no-end", str(path))
    more, _ = bench.recording(of_accounts(accounts, 8 * dense, events, dense))
    try:
        ours.start()
        wait_for_epoch(options, last - 1)
        time.sleep(15.0)
        ours.remove(0)
        run_verb(ours.config, "publish", str(more))
        start = time.time()
        ours.start()
        return wait_for_epoch(options, last + 4) / 1_000 - start
    finally:
        ours.stop()


def kafka_rows(
    size: Size, only: str | None = None, partitions: int = 2, workers: int = 1,
    rate: float | None = None,
) -> Iterator[Row]:  # fmt: skip
    """Throughput beside the straightforward pipelines, latency, restart.

    Args:
        size: How many requests.
        only: One of `PARTS`; None: all of them.
        partitions: Partitions of all topics that may have several.
        workers: How many share the work.
        rate: Requests a second for the latency; None: half of the measured throughput.

    Raises:
        NoBroker: Nothing here can run one.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "broker").mkdir()
        with KafkaBroker(folder / "broker") as broker:
            bench = Bench(broker, folder, partitions)
            if only != "restart":
                yield from _streamed(bench, size, workers, rate, only)
            if only in {None, "restart"}:
                what = f"ready after a restart with {size.known:,} accounts"
                yield Row(what, restart(bench, size.known), "s", "≤ 60")


def _streamed(
    bench: Bench, size: Size, workers: int, rate: float | None, only: str | None
) -> Iterator[Row]:
    path, events = bench.recording(_several(size))
    last = epoch_of(START + events * EPOCH_SECONDS / size.dense) - 1
    if only != "latency" or rate is None:
        # The round that does not count.
        throughput(bench, path, last, workers=workers)
    if only != "latency":
        with path.open("rb") as lines:
            part, _ = bench.recording(line.rstrip() for line in islice(lines, size.naive))
        absent = {name: missing(name) for name in PIPELINES}
        present = [name for name in PIPELINES if not absent[name]]
        ours, theirs = [], []
        for _ in range(size.passes):
            ours.append(throughput(bench, path, last, workers=workers))
            theirs.append({name: naive(bench, part, name, size.naive) for name in present})
        yield from _ours(ours, events)
        yield from _theirs(ours, theirs, events, size.naive, absent)
        many = throughput(bench, path, last, workers=workers, partitions=MANY)
        yield from _processes([many], events, "many", f"with {MANY} partitions, one round: ")
        with path.open("rb") as lines:
            active = account_epochs(lines) / events
        yield Row("active accounts of that traffic", active, "a request", key="kafka: accounts")
        rate = rate or events / median(one.wall for one in ours) / 2
    if only != "throughput":
        if rate is None:
            rate = events / throughput(bench, path, last, workers=workers).wall / 2
        yield from _latency(bench, path, last, rate, rate * EPOCH_SECONDS / size.dense)


def _several(size: Size) -> Iterator[bytes]:
    """Long enough that the start of the workers does not weigh: other requests of every seed."""
    first = 0
    for seed in size.seeds:
        lines = spaced(simulated(size.streamed, seed), size.dense, first)
        first += len(lines)
        yield from lines


def _ours(rounds: list[Passed], events: int) -> Iterator[Row]:
    wall = median(one.wall for one in rounds)
    cpu = median(one.cpu["ingest"] + one.cpu["stages"] for one in rounds)
    yield Row(
        "through Kafka, with text: our worker", events / wall, "/s", "≥ 40,000", "≥ 100,000",
        cpu=cpu / events * MILLION, wall=wall / events * MILLION,
    )  # fmt: skip
    yield from _processes(rounds, events, "kafka", "")
    for name, topic in rounds[-1].topics.items():
        yield Row(f"topic {name}", topic.size / events, "B a request", key=f"bytes: {name}")


def _processes(rounds: list[Passed], events: int, run: str, prefix: str) -> Iterator[Row]:
    """Processor time of a request process by process, and the records that it became part of."""
    for name, what in _PROCESSES.items():
        if all(name in one.cpu for one in rounds):
            cpu = median(one.cpu[name] for one in rounds) / events * MILLION
            yield Row(f"{prefix}{what}", cpu=cpu, key=f"{run}: {name}")
    topics = rounds[-1].topics
    told = sum(topics[name].records for name in _TOLD)
    yield Row(
        f"{prefix}records of internal topics", told / events, "a request", key=f"{run}: records"
    )
    rows, size = topics["events"].records, topics["events"].size
    yield Row(f"{prefix}records of events", rows / events, "a request", key=f"{run}: event records")
    yield Row(f"{prefix}bytes of events", size / events, "B a request", key=f"{run}: event bytes")


_PROCESSES = {"ingest": "its ingest", "stages": "its stages", "broker": "the broker beside it"}
_TOLD = ("events", "ties", "control", "findings")


def _theirs(
    ours: list[Passed], rounds: list[dict[str, Taken]], events: int, read: int,
    absent: dict[str, str],
) -> Iterator[Row]:  # fmt: skip
    for name in PIPELINES:
        what = f"the straightforward way on {name}"
        if absent[name]:
            yield Row(what, unit=f"not on this Python: {absent[name]}")
            continue
        took = [one[name] for one in rounds]
        ratio = median(
            (their.wall / read) / (our.wall / events) for our, their in zip(ours, took, strict=True)
        )
        wall, cpu = median(one.wall for one in took), median(one.cpu for one in took)
        yield Row(
            what, read / wall, "/s", cpu=cpu / read * MILLION, wall=wall / read * MILLION
        )  # fmt: skip
        budget = ("≥ 10", "≥ 30") if name == "faust" else ("", "")
        yield Row(f"our worker over it, by the clock ({name})", ratio, "×", *budget)


def _latency(bench: Bench, path: Path, last: int, rate: float, speed: float) -> Iterator[Row]:
    waits = latencies(bench, path, last, speed)
    cuts = quantiles(waits, n=100, method="inclusive")
    what = f"closing append to conclusion at {rate:,.0f}/s, {len(waits)} epochs"
    for percent in (50, 90, 99):
        budget = ("≤ 3", "≤ 1") if percent == 99 else ("", "")
        yield Row(f"{what}, p{percent}", cuts[percent - 1], "s", *budget, key=f"p{percent}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-kafka", description=__doc__)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--small", action="store_true", help="shows that it works, and no more")
    parser.add_argument(
        "--rate", type=float, help="requests a second for the latency; half of the top rate else"
    )
    arguments = parser.parse_args()
    size = SMALL if arguments.small else FULL
    for row in kafka_rows(
        size, arguments.only, arguments.partitions, arguments.workers, arguments.rate
    ):
        print(shown(row), flush=True)


if __name__ == "__main__":
    main()
