"""Writes a run: `events.jsonl.zst` and `truth.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
import zstandard

from stream.simulator.generate import Simulation
from stream.simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: events, and the files."""

    events: int
    events_path: Path
    truth_path: Path


def write_scenario(scenario: Scenario, seed: int, out: Path) -> Written:
    """Generates the scenario and writes it into the directory `out`, which is made if missing."""
    out.mkdir(parents=True, exist_ok=True)
    simulation = Simulation(scenario, seed)
    events_path, truth_path = out / "events.jsonl.zst", out / "truth.json"
    events = 0
    compressor = zstandard.ZstdCompressor(level=3)
    with events_path.open("wb") as sink, compressor.stream_writer(sink) as stream:
        batch: list[bytes] = []
        for line in simulation.lines():
            batch.append(line)
            events += 1
            if len(batch) == 4096:
                stream.write(b"".join(batch))
                batch.clear()
        stream.write(b"".join(batch))
    truth_path.write_bytes(orjson.dumps(simulation.truth.record(), option=orjson.OPT_INDENT_2))
    return Written(events, events_path, truth_path)
