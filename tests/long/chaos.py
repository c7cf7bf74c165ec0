"""Chaos: `make chaos`. Workers are killed, added and removed, the broker restarts and stalls.

Traffic comes in pieces between the disturbances. In the end all alerts and scores must be what an
undisturbed local replay gives, to the byte.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from stream.broker.options import KafkaOptions
from tests.broker.harness import KafkaBroker
from tests.integration.output import Output
from tests.integration.workers import (
    Victims,
    Workers,
    create_topics,
    replayed,
    run_verb,
    wait_for,
    write_config,
)
from tests.long.recording import SECTIONS, cut, simulated

_SECONDS = 900.0
_SLOW_SECONDS = 30.0
_KINDS: tuple[Victims, ...] = ("both", "stages", "ingest")


class Chaos:
    """What is done to a running application."""

    def __init__(self, broker: KafkaBroker, workers: Workers, random: Random) -> None:
        self._broker = broker
        self._workers = workers
        self._random = random
        self.kills = 0

    def kill(self) -> str:
        """`kill -9` of one worker's processes."""
        kind = self._random.choice(_KINDS)
        number = self._random.randrange(len(self._workers.running))
        self._workers.kill(number, kind)
        self.kills += 1
        return f"killed {kind} of worker {number}"

    def add(self) -> str:
        """One worker more."""
        self._workers.start()
        return "added a worker"

    def remove(self) -> str:
        """One worker less, as an operator stops it."""
        self._workers.remove(0)
        return "removed a worker"

    def restart_broker(self) -> str:
        """The broker is away for some seconds."""
        self._broker.restart()
        return "restarted the broker"

    def slow_broker(self) -> str:
        """The broker answers only now and then for half a minute."""
        end = time.monotonic() + _SLOW_SECONDS
        while time.monotonic() < end:
            self._broker.pause()
            time.sleep(0.9)
            self._broker.resume()
            time.sleep(0.1)
        return f"slowed the broker for {_SLOW_SECONDS:.0f} s"


def main() -> int:
    """Run; 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recording", type=Path, help="folder that keeps the simulated traffic")
    arguments = parser.parse_args()
    random = Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files, facts, count = simulated(arguments.recording or folder, arguments.events)
        config = folder / "local.toml"
        config.write_text(SECTIONS, encoding="utf-8")
        expected = replayed(config, folder, files, facts)
        (folder / "broker").mkdir()
        with KafkaBroker(folder / "broker", heap="1g") as broker:
            options = KafkaOptions(
                bootstrap_servers=broker.bootstrap_servers,
                application="chaos",
                prefix="chaos",
                partitions=arguments.partitions,
                checkpoint_seconds=3.0,
            )
            create_topics(options, arguments.partitions)
            workers = Workers(write_config(folder, SECTIONS, options, idle_seconds=300.0), folder)
            chaos = Chaos(broker, workers, random)
            steps = _steps(chaos, arguments.kills, random)
            pieces = cut(files[0], folder, len(steps) + 1, count)
            try:
                found = _run(options, workers, steps, pieces, facts, expected, random)
            finally:
                workers.stop()
    return _judge(found, expected, count, chaos, workers)


def _steps(chaos: Chaos, kills: int, random: Random) -> list[Callable[[], str]]:
    steps = [chaos.kill] * kills
    others = [chaos.add, chaos.restart_broker, chaos.slow_broker, chaos.remove]
    for place, other in zip(sorted(random.sample(range(1, kills), 4)), others, strict=True):
        steps.insert(place, other)
    return steps


def _run(
    options: KafkaOptions,
    workers: Workers,
    steps: list[Callable[[], str]],
    pieces: list[Path],
    facts: Path,
    expected: Output,
    random: Random,
) -> Output:
    workers.start()
    workers.start()
    run_verb(workers.config, "publish", "--no-end", str(pieces[0]), "--facts", str(facts))
    start = time.monotonic()
    for number, (step, piece) in enumerate(zip(steps, pieces[1:], strict=True)):
        wait_for(options, expected, random.uniform(5.0, 20.0), workers.supervise)
        print(f"{time.monotonic() - start:5.0f} s: {step()}", flush=True)
        last = [] if number + 2 == len(pieces) else ["--no-end"]
        run_verb(workers.config, "publish", *last, str(piece))
    return wait_for(options, expected, _SECONDS, workers.supervise)


def _judge(found: Output, expected: Output, count: int, chaos: Chaos, workers: Workers) -> int:
    twice = sum(len(several) > 1 for several in found.alerts.values())
    print(
        f"{count:,} requests, {chaos.kills} kills, {workers.restarts} other restarts;"
        f" {len(found.alerts)} alert events, {len(found.scores):,} scores;"
        f" {twice} event ids with different content"
    )
    if found.equals(expected):
        print("equal to the undisturbed run")
        return 0
    print(f"NOT EQUAL: {found.difference(expected)}\n{workers.logs()}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
