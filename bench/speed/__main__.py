"""One table of speed and size, measured in one run: `make bench`.

Costs are medians over repetitions in which all jobs of a group take turns. Ratios to `orjson.loads`
on the same lines, and to the straightforward pipelines beside it, survive a busy machine; absolute
figures need an idle one. Nothing is written but the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import orjson

from bench.kafka import kafka_rows
from bench.speed.growth import growth_rows
from bench.speed.jobs import FULL, SMALL, Size
from bench.speed.memory import memory_rows
from bench.speed.stages import stage_rows
from bench.speed.table import Row, as_values, heading, shown
from bench.speed.whole import whole_rows
from tests.broker.jars import NoBroker

GROUPS: dict[str, tuple[str, Callable[[Size], Iterator[Row]]]] = {
    "whole": ("One process, a request", whole_rows),
    "kafka": ("Through Kafka, the broker on the same cores", kafka_rows),
    "growth": ("The whole detector as things grow, a request", growth_rows),
    "memory": ("Memory", memory_rows),
    "stages": ("What stages tell each other, and the head", stage_rows),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    option = parser.add_argument
    option("--json", action="store_true", help="print JSON, for bench.report and bench.fleet")
    option("--only", choices=GROUPS, action="append", help="this group; may be repeated")
    option("--small", action="store_true", help="in minutes; shows that it works, and no more")
    arguments = parser.parse_args()
    size = SMALL if arguments.small else FULL
    # With --json the table goes to standard error: a run takes long.
    out = sys.stderr if arguments.json else sys.stdout
    groups = [(GROUPS[name][0], _measured(name, size, out)) for name in arguments.only or GROUPS]
    if arguments.json:
        found = {"machine": _machine(), "small": arguments.small, "groups": as_values(groups)}
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _measured(name: str, size: Size, out: TextIO) -> list[Row]:
    """The rows of a group, each printed as soon as it is there."""
    title, measure = GROUPS[name]
    print(heading(title), file=out, flush=True)
    rows = []
    try:
        for row in measure(size):
            rows.append(row)
            print(shown(row), file=out, flush=True)
    except NoBroker as error:
        rows.append(Row(f"LEFT OUT, no broker: {error}"))
        print(shown(rows[-1]), file=sys.stderr, flush=True)
    return rows


def _machine() -> dict[str, str | int | None]:
    return {
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
