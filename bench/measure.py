"""Timing of jobs against each other: interleaved in one run, medians of ratios by round."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of each job, a value a round: CPU of this process, and wall clock."""

    cpu: Mapping[str, list[float]]
    wall: Mapping[str, list[float]]

    def ratio(self, job: str, base: str) -> float:
        """Median over the rounds of one job's CPU time over another's."""
        pairs = zip(self.cpu[job], self.cpu[base], strict=True)
        return statistics.median(mine / other for mine, other in pairs)

    def cpu_median(self, job: str) -> float:
        """Median CPU seconds of a job."""
        return statistics.median(self.cpu[job])

    def wall_median(self, job: str) -> float:
        """Median wall-clock seconds of a job."""
        return statistics.median(self.wall[job])


def interleave(jobs: Mapping[str, Job], rounds: int) -> Timings:
    """Run all jobs in turn, `rounds` times, after one round that does not count."""
    cpu: dict[str, list[float]] = {name: [] for name in jobs}
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(rounds):
        for name, job in jobs.items():
            gc.collect()
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            job()
            cpu[name].append(time.process_time() - cpu_start)
            wall[name].append(time.perf_counter() - wall_start)
    return Timings(cpu, wall)
