"""Requests of a simulation straight into a detector, block by block as they are made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

import orjson

from models.judging.judgement import Traffic
from schemas.alert import AlertEvent
from stream.recordings.blocks import BLOCK_LINES
from stream.replay.local import LocalRun
from stream.settings import Settings
from stream.simulator import Simulation


@dataclass(slots=True)
class Clock:
    """CPU seconds of this process while it is held."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what happens inside."""
        begun = time.process_time()
        yield
        self.seconds += time.process_time() - begun


@dataclass(slots=True)
class Streamed:
    """What came of a stream.

    Attributes:
        alerts: All alert events.
        traffic: What was fed.
        accounts: Account profiles that the detector held in the end.
        ties: Ties that it held.
        seconds: Wall clock, generator and detector in turn.
        generating: CPU seconds of the generator.
        detecting: CPU seconds of the detector.
    """

    alerts: list[AlertEvent]
    traffic: Traffic
    accounts: int
    ties: int
    seconds: float
    generating: float
    detecting: float


@dataclass(slots=True)
class _Span:
    requests: int = 0
    times: list[int] = field(default_factory=list)

    def add(self, block: list[bytes]) -> None:
        self.requests += len(block)
        self.times = [*self.times[:1], _time_of(block[0]), _time_of(block[-1])]


def streamed(simulation: Simulation, most: int | None = None) -> Streamed:
    """Feed a simulation's requests, at most so many, to a new detector; the facts come first."""
    begun = time.perf_counter()
    generating, detecting, span = Clock(), Clock(), _Span()
    run = LocalRun(Settings(), account_scores=False)
    run.add_facts(simulation.facts())
    source = run.open_source()
    alerts: list[AlertEvent] = []
    for block in _blocks(simulation, most, generating):
        with detecting.running():
            alerts += run.feed(source, span.requests + 1, block).alerts
        span.add(block)
    with detecting.running():
        alerts += run.close_source(source).alerts
        alerts += run.finish().alerts
    traffic = Traffic(span.requests, span.times[0], span.times[-1])
    return Streamed(
        alerts, traffic, run.counters.accounts, run.counters.ties,
        time.perf_counter() - begun, generating.seconds, detecting.seconds,
    )  # fmt: skip


def _blocks(simulation: Simulation, most: int | None, clock: Clock) -> Iterator[list[bytes]]:
    lines = islice(simulation.lines(), most)
    while True:
        with clock.running():
            block = list(islice(lines, BLOCK_LINES))
        if not block:
            return
        yield block


def _time_of(line: bytes) -> int:
    return round(float(orjson.loads(line)["time"]) * 1e6)
