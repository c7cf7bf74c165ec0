"""Speed and size of one process beside `orjson.loads` on the same lines: `make bench`.

Every cost is CPU time of one process as a ratio to another job of the same round, medians over
rounds: such figures survive a busy machine. Absolute ones are for orientation only.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice

import numpy as np
import orjson

from bench.measure import interleave
from bench.recordings import (
    of_accounts,
    of_shared_fragments,
    simulated,
    spaced,
    without_text,
)
from models.layouts import PROFILE
from models.requests.ingestion import BatchBuilder
from models.requests.sketch import LONGEST_TEXT, Sketcher
from schemas.codec import decode_requests
from stream.recordings.blocks import BLOCK_LINES
from stream.replay.local import LocalRun
from stream.settings import Settings

ROUNDS = 5
EVENTS = 60_000
DENSE = 5_000
_KEY = bytes(32)
_HELP = "from stream.cli import main; main()"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `must` and `aim` as the design's budgets give them."""

    what: str
    value: float
    unit: str
    must: str = ""
    aim: str = ""


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    rows: list[Row] = []
    for measure in _measures(full=arguments.full):
        for row in measure():
            rows.append(row)
            if not arguments.json:
                print(shown(row), flush=True)
    if arguments.json:
        print(orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2).decode())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--full", action="store_true", help="also a million accounts (minutes)")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        print(orjson.dumps(_peak_of_a_million()).decode())
        sys.exit(0)
    return arguments


def shown(row: Row) -> str:
    """A row as a line of the table."""
    value = f"{row.value:,.0f}" if row.value >= 1_000 else f"{row.value:.2f}"
    budgets = (("must", row.must), ("aim", row.aim))
    budget = ", ".join(f"{name} {value}" for name, value in budgets if value)
    return f"{row.what:<62} {value:>12} {row.unit:<12} {budget}".rstrip()


def _measures(*, full: bool) -> Iterator[Callable[[], Iterable[Row]]]:
    events = simulated(EVENTS)
    bare = without_text(events)
    yield lambda: _whole("1.2 kB with text", spaced(events, DENSE), "≤ 8", "≤ 3")
    yield lambda: _whole("metadata only", spaced(bare, DENSE), "≤ 6", "≤ 3")
    yield lambda: _densities(events[: EVENTS // 3])
    yield _sketching
    yield lambda: _accounts(full=full)
    yield _state
    if full:
        yield _memory
    yield _help_time


def _blocks(lines: list[bytes]) -> list[list[bytes]]:
    return [lines[start : start + BLOCK_LINES] for start in range(0, len(lines), BLOCK_LINES)]


def parse(lines: list[bytes]) -> None:
    """The comparison: every line to plain objects, nothing kept."""
    for line in lines:
        orjson.loads(line)


def decode(lines: list[bytes]) -> None:
    """Typed decoding alone."""
    for block in _blocks(lines):
        decode_requests(block)


def ingest(lines: list[bytes]) -> None:
    """Decoding and columnar batches."""
    builder = BatchBuilder(_KEY)
    for block in _blocks(lines):
        builder.build(decode_requests(block).events)


def detect(lines: list[bytes]) -> None:
    """The whole detector: lines in, alerts out."""
    run = LocalRun(Settings())
    _feed(run, lines, 0)
    run.finish()


def _feed(run: LocalRun, lines: list[bytes], first: int) -> None:
    source = run.open_source()
    for number, block in enumerate(_blocks(lines)):
        run.feed(source, first + number * BLOCK_LINES, block)
    run.close_source(source)


def _whole(kind: str, lines: list[bytes], must: str, aim: str) -> Iterator[Row]:
    jobs = {job.__name__: job for job in (parse, decode, ingest, detect)}
    timings = interleave({name: partial(job, lines) for name, job in jobs.items()}, ROUNDS)
    size = sum(map(len, lines)) / len(lines)
    cost = timings.cpu_median("parse") / len(lines) * _MILLION
    yield Row(f"orjson.loads, {kind} ({size:,.0f} bytes a line)", cost, "µs")
    yield Row(f"typed decode, {kind}", timings.ratio("decode", "parse"), "× orjson")
    yield Row(f"decode and batches, {kind}", timings.ratio("ingest", "parse"), "× orjson")
    what = f"whole detector, {kind}, {DENSE:,} an epoch"
    yield Row(what, timings.ratio("detect", "parse"), "× orjson", must, aim)
    yield Row(
        f"whole detector, {kind}, wall clock", len(lines) / timings.wall_median("detect"), "/s"
    )


def _densities(events: list[dict[str, object]]) -> Iterator[Row]:
    for per_epoch in (50, 500, 5_000):
        lines = spaced(events, per_epoch)
        jobs = {"parse": partial(parse, lines), "detect": partial(detect, lines)}
        timings = interleave(jobs, 3)
        what = f"whole detector, with text, {per_epoch:,} an epoch"
        yield Row(what, timings.ratio("detect", "parse"), "× orjson")


def _sketching() -> Iterator[Row]:
    events = simulated(8_000)
    prompts = (event.get("prompt") or "" for event in events)
    # Other scripts have up to twice the words per byte: a measure of the corpus, not of the code.
    text = " ".join(prompt for prompt in prompts if prompt.isascii())
    last = len(text) - LONGEST_TEXT
    cut = [text[start : start + LONGEST_TEXT] for start in range(0, last, LONGEST_TEXT)]
    sketcher = Sketcher(_KEY)
    timings = interleave({"sketch": lambda: sketcher.sketch(cut)}, 2 * ROUNDS)
    size = sum(map(len, cut)) / _MILLION
    speed = size / timings.cpu_median("sketch")
    yield Row("sketching ASCII prompts of 64 KiB, one core", speed, "MB/s", "≥ 300", "≥ 1,000")


def _accounts(*, full: bool) -> Iterator[Row]:
    """Cost of an event once all accounts are known, over that with a thousand accounts."""
    counts = [1_000, 100_000, *([1_000_000] if full else [])]
    costs = {count: _costs_with(count) for count in counts}
    for count in counts[1:]:
        pairs = zip(costs[count], costs[counts[0]], strict=True)
        ratio = statistics.median(mine / other for mine, other in pairs)
        what = f"cost of an event with {count:,} accounts over 1,000"
        yield Row(what, ratio, "×", "≤ 1.5", "≤ 1.1")


def _costs_with(accounts: int) -> list[float]:
    """CPU seconds of equal shares of traffic after every account has been seen once."""
    run = LocalRun(Settings())
    source = run.open_source()
    lines = of_accounts(accounts, max(accounts, DENSE) + 2 * DENSE * ROUNDS, 0, DENSE)
    fed = 0
    while fed < max(accounts, DENSE):
        block = list(islice(lines, BLOCK_LINES))
        run.feed(source, fed, block)
        fed += len(block)
    seconds = []
    for _ in range(ROUNDS):
        blocks = [list(islice(lines, BLOCK_LINES)) for _ in range(2 * DENSE // BLOCK_LINES)]
        start = time.process_time()
        for block in blocks:
            run.feed(source, fed, block)
            fed += len(block)
        seconds.append(time.process_time() - start)
    return seconds


def _state() -> Iterator[Row]:
    """Growth of the saved state with accounts of five requests, each with values of its own."""
    few, many = (_state_bytes(count) for count in (5_000, 20_000))
    yield Row("saved state of an account, its ties included", (many - few) / 15_000, "bytes")
    yield Row("profile of an account", PROFILE.itemsize, "bytes", "≤ 1,024", "≤ 512")


def _state_bytes(accounts: int) -> int:
    run = LocalRun(Settings())
    _feed(run, list(of_accounts(accounts, 5 * accounts, 0, DENSE)), 0)
    run.finish()
    return len(run.save())


def _memory() -> Iterator[Row]:
    """In a process of its own, as the peak of this one says nothing any more."""
    command = [sys.executable, "-m", "bench.speed", "--memory"]
    found = orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    what = f"memory, {found['accounts']:,} accounts, {found['ties']:,} ties"
    yield Row(what, found["bytes"] / 2**30, "GiB", "≤ 3", "≤ 1.5")


def _peak_of_a_million() -> dict[str, int]:
    run = LocalRun(Settings())
    source = run.open_source()
    lines = of_shared_fragments(_MILLION, 100_000)
    while block := list(islice(lines, BLOCK_LINES)):
        run.feed(source, 0, block)
    run.finish()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    counters = run.counters
    return {"bytes": peak, "accounts": counters.accounts, "ties": counters.ties}


def _help_time() -> Iterator[Row]:
    command = [sys.executable, "-c", _HELP, "--help"]
    seconds = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    yield Row("gauger --help", float(np.median(seconds[1:])), "s", "≤ 0.4", "≤ 0.15")


if __name__ == "__main__":
    main()
