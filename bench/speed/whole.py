"""The whole detector beside `orjson.loads` and plain river: the same lines, the same rounds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from bench.measure import interleave
from bench.recordings import spaced, without_text
from bench.speed.jobs import (
    DENSE,
    Size,
    decode,
    detect,
    ingest,
    parse,
    requests,
    score_each,
)
from bench.speed.table import Row
from models.requests.sketch import LONGEST_TEXT, Sketcher

MILLION = 1_000_000
_RIVER_SHARE = 10
"""River takes a share of the lines: it is that much slower."""

_HELP = "from stream.cli import main; main()"


def whole_rows(size: Size) -> Iterator[Row]:
    """Requests with text, the same as metadata only, sketching alone, the command's start."""
    events = requests(size.events)
    yield from _stages("with text", spaced(events, DENSE), size, "≤ 8", "≤ 3")
    yield from _stages("metadata only", spaced(without_text(events), DENSE), size, "≤ 6", "≤ 3")
    yield from _sketching(size)
    yield from _help_time(size)


def _stages(kind: str, lines: list[bytes], size: Size, must: str, aim: str) -> Iterator[Row]:
    few = lines[: len(lines) // _RIVER_SHARE]
    jobs: dict[str, tuple[Callable[[list[bytes]], None], list[bytes], str]] = {
        "parse": (parse, lines, f"orjson.loads, {sum(map(len, lines)) // len(lines):,} B a line"),
        "decode": (decode, lines, "typed decode"),
        "ingest": (ingest, lines, "our decode: from lines to columns"),
        "detect": (detect, lines, f"whole detector, {DENSE:,} requests an epoch"),
        "river": (score_each, few, "plain river, half-space trees a request"),
    }
    timings = interleave(
        {name: partial(job, some) for name, (job, some, _) in jobs.items()}, size.rounds
    )
    for name, (_, some, what) in jobs.items():
        budget = (must, aim) if name == "detect" else ("", "")
        yield Row(
            f"{what}, {kind}",
            timings.ratio(name, "parse") * len(lines) / len(some),
            "× orjson",
            *budget,
            cpu=timings.cpu_median(name) / len(some) * MILLION,
            wall=timings.wall_median(name) / len(some) * MILLION,
            key=f"{name}, {kind}",
        )


def _sketching(size: Size) -> Iterator[Row]:
    prompts = (event.get("prompt") or "" for event in requests(size.events)[:8_000])
    # Other scripts have up to twice the words per byte: a measure of the corpus, not of the code.
    text = " ".join(prompt for prompt in prompts if prompt.isascii())
    last = len(text) - LONGEST_TEXT
    cut = [text[start : start + LONGEST_TEXT] for start in range(0, last, LONGEST_TEXT)]
    sketcher = Sketcher(bytes(32))
    timings = interleave({"sketch": lambda: sketcher.sketch(cut)}, 2 * size.rounds)
    speed = sum(map(len, cut)) / MILLION / timings.cpu_median("sketch")
    yield Row("sketching ASCII prompts of 64 KiB, one core", speed, "MB/s", "≥ 300", "≥ 1,000")


def _help_time(size: Size) -> Iterator[Row]:
    command = [sys.executable, "-c", _HELP, "--help"]
    seconds = []
    for _ in range(size.rounds + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    yield Row("gauger --help", median(seconds[1:]), "s", "≤ 0.4", "≤ 0.15")
