"""Writes a run: `events.jsonl.zst`, `facts.jsonl` and `truth.json`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson
import zstandard

from stream.simulator.corpus import Sources
from stream.simulator.generate import Simulation
from stream.simulator.leakage import check_leakage, ordinary_evidence, require_no_leak
from stream.simulator.scenario import Scenario

GUARDED_REQUESTS = 20_000
_DRAWS = 16
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: events, and the files."""

    events: int
    events_path: Path
    facts_path: Path
    truth_path: Path


def simulate(
    scenario: Scenario,
    seed: int,
    prompts: Path | None = None,
    sources: Sources = "all",
    *,
    guard: bool | None = None,
) -> Simulation:
    """A run that passes the leakage guard; read its `lines()`, then `truth.record()`, `facts()`.

    A campaign that a single field gives away has its nuisance parameters drawn again. `guard` is on
    by default for runs of 20,000 requests or more. Raises LeakError when no draw passes.
    """
    simulation = Simulation(scenario, seed, prompts, sources)
    if guard is None:
        guard = scenario.requests >= GUARDED_REQUESTS
    if not guard or not scenario.campaigns:
        return simulation
    draws: dict[int, int] = {}
    ordinary = ordinary_evidence(simulation)
    leaks = check_leakage(simulation, ordinary)
    for _ in range(_DRAWS):
        leaking = {leak.campaign for leak in leaks if leak.too_high}
        if not leaking:
            return simulation
        draws.update({number: draws.get(number, 0) + 1 for number in leaking})
        simulation = Simulation(scenario, seed, prompts, sources, draws)
        leaks = check_leakage(simulation, ordinary)
    require_no_leak(leaks)
    return simulation


def write_scenario(
    scenario: Scenario,
    seed: int,
    out: Path,
    prompts: Path | None = None,
    sources: Sources = "all",
    *,
    guard: bool | None = None,
) -> Written:
    """Generates the scenario and writes it into the directory `out`, which is made if missing.

    Raises LeakError as `simulate` does, CorpusError when `prompts` lacks sources.
    """
    simulation = simulate(scenario, seed, prompts, sources, guard=guard)
    out.mkdir(parents=True, exist_ok=True)
    written = Written(0, out / "events.jsonl.zst", out / "facts.jsonl", out / "truth.json")
    events = _write_events(simulation, written.events_path)
    written.facts_path.write_bytes(b"".join(simulation.facts()))
    written.truth_path.write_bytes(orjson.dumps(simulation.truth.record()))
    return Written(events, written.events_path, written.facts_path, written.truth_path)


def _write_events(simulation: Simulation, path: Path) -> int:
    events = 0
    compressor = zstandard.ZstdCompressor(level=3)
    with path.open("wb") as sink, compressor.stream_writer(sink) as stream:
        lines = simulation.lines()
        while block := list(islice(lines, _BLOCK)):
            stream.write(b"".join(block))
            events += len(block)
    return events
