"""Parity at full size: `make parity`. The same traffic locally and through Kafka, work shared anew.

Every alert and every score is compared to the byte.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from stream.broker.options import KafkaOptions
from tests.broker.harness import KafkaBroker
from tests.integration.output import Output
from tests.integration.workers import (
    Workers,
    create_topics,
    replayed,
    run_verb,
    wait_for,
    write_config,
)
from tests.long.recording import SECTIONS, simulated

_SECONDS = 900.0


def main() -> int:
    """Run every way of sharing the work; 1 when any differs."""
    parser = argparse.ArgumentParser(prog="make parity", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, nargs="*", default=[1, 3, 6])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--recording", type=Path, help="folder that keeps the simulated traffic")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files, facts, count = simulated(arguments.recording or folder, arguments.events)
        config = folder / "local.toml"
        config.write_text(SECTIONS, encoding="utf-8")
        expected = replayed(config, folder, files, facts)
        found = f"{len(expected.alerts)} alert events, {len(expected.scores):,} scores"
        print(f"{count:,} requests; a local replay gives {found}", flush=True)
        (folder / "broker").mkdir()
        equal = True
        with KafkaBroker(folder / "broker", heap="1g") as broker:
            for shape in product(arguments.partitions, arguments.workers):
                equal &= _one(broker, folder, files, facts, expected, *shape)
    print("all equal" if equal else "NOT EQUAL")
    return 0 if equal else 1


def _one(
    broker: KafkaBroker,
    folder: Path,
    files: list[Path],
    facts: Path,
    expected: Output,
    partitions: int,
    count: int,
) -> bool:
    name = f"parity-{partitions}-{count}"
    options = KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=name,
        prefix=name,
        partitions=partitions,
        checkpoint_seconds=5.0,
    )
    create_topics(options, partitions)
    work = folder / name
    work.mkdir()
    workers = Workers(write_config(work, SECTIONS, options), work)
    run_verb(workers.config, "publish", *map(str, files), "--facts", str(facts))
    start = time.monotonic()
    try:
        for _ in range(count):
            workers.start()
        output = wait_for(options, expected, _SECONDS, workers.supervise)
    finally:
        workers.stop()
    equal = output.equals(expected)
    verdict = "equal" if equal else f"DIFFERS: {output.difference(expected)}\n{workers.logs()}"
    seconds = time.monotonic() - start
    print(
        f"{partitions} partitions, {count} workers: {verdict}"
        f" ({seconds:.0f} s, {workers.restarts} restarts)",
        flush=True,
    )
    return equal


if __name__ == "__main__":
    sys.exit(main())
