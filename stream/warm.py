"""Compiles the kernels ahead of use: `python -m stream.warm` runs a little traffic through all.

What is compiled is kept beside the modules, so that a later process only loads it. The compiler
looks for changes in a kernel's own module alone, not in those it imports: here all are looked at.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import models.kernels
from models.options import EpochOptions, LearningOptions
from stream.replay.local import LocalRun
from stream.settings import Settings
from stream.simulator import Simulation, named_scenario

_SETTINGS = Settings(epoch=EpochOptions(seconds=3600), learning=LearningOptions(hours=1))
_BLOCK = 500
_SEED = 1


def warm_up() -> int:
    """Run a small recording through every kernel; returns how many requests it held."""
    lines = _recording()
    half = len(lines) // 2
    shuffled = LocalRun(_SETTINGS, partitions=2, shuffle=_SEED)
    _feed(shuffled, lines[:half])
    resumed = LocalRun.load(shuffled.save(), _SETTINGS, partitions=2)
    _feed(resumed, lines[half:])
    plain = LocalRun(_SETTINGS)
    _feed(plain, lines)
    return len(lines)


def load_kernels() -> None:
    """Load what was compiled before the first request comes, as most of it takes long to load."""
    _feed(LocalRun(_SETTINGS), _simulated(days=1.0, accounts=60, requests_per_day=300.0))


def _recording() -> list[bytes]:
    """Two days with a campaign, some requests twice and some late."""
    lines = _simulated(days=2.0, accounts=300, requests_per_day=3_000.0)
    return [*lines, *lines[-_BLOCK:], *lines[:_BLOCK]]


def _simulated(days: float, accounts: int, requests_per_day: float) -> list[bytes]:
    scenario = replace(
        named_scenario("demo"),
        days=days,
        accounts=accounts,
        requests_per_day=requests_per_day,
        warm_up=0.1,
    )
    return list(Simulation(scenario, _SEED).lines())


def _feed(run: LocalRun, lines: Sequence[bytes]) -> None:
    source = run.open_source()
    for start in range(0, len(lines), _BLOCK):
        run.feed(source, start, list(lines[start : start + _BLOCK]))
    run.close_source(source)
    run.finish()


def drop_stale(folder: Path) -> None:
    """Remove what was compiled in a folder before any of its modules changed."""
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for index in folder.glob("__pycache__/*.nbi"):
        if index.stat().st_mtime < newest:
            index.unlink()


def main() -> None:
    """Compile, and say so in one line."""
    start = time.perf_counter()
    drop_stale(Path(models.kernels.__path__[0]))
    count = warm_up()
    seconds = time.perf_counter() - start
    sys.stdout.write(f"kernels ready after {count} requests in {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
