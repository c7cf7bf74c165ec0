"""The campaigns of February 2026 in a stream: `make rehearsal`, or `python -m bench.rehearsal`.

Requests go from the simulator straight into the detector, in event time and without a file; the
generator holds a day of them at most. What was published, and how it is read here, is in
`bench/rehearsal/february.py`. Weights and thresholds are those that ship; texts are of the corpora
on which none of them was fitted, or the simulator's own where `GAUGER_DATA_DIR` is missing.

- `--part judged`: the attack scaled down to at most 2 % of the traffic, in equal shares. The first
  draw of each campaign's looks is taken. What alone would give a campaign away, by the simulator's
  guard, is told beside how it fared: some of it, such as use around the clock, was published.
- `--part load`: the published size, among as many ordinary requests as a pilot says fit into
  `--minutes`. Where those would be fewer than the campaigns send, all is scaled by one factor.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from bench.corpora import CorporaMissing, prompts_directory
from bench.rehearsal.february import EXCHANGES, FEBRUARY, as_published, picture
from bench.rehearsal.report import Rehearsal, rehearsed, told
from bench.rehearsal.streaming import streamed
from stream.simulator import Scenario, Simulation, check_leakage
from stream.simulator.corpus import Sources

SEED = 20_260_223
AIMED = 0.016
"""Contamination asked for: campaigns may overshoot, and ordinary traffic rests at weekends."""

SIDE: Sources = "test"
"""Of the corpora, the sources that no weight was fitted on."""

_PILOT = 60_000
_USED = 0.8


def judged(requests: float, seed: int, prompts: Path | None) -> Rehearsal:
    """The campaigns in about so many ordinary requests, at most 2 % of all."""
    begun = time.perf_counter()
    budget = AIMED * requests / len(FEBRUARY)
    simulation = Simulation(picture(requests, [budget] * len(FEBRUARY)), seed, prompts, SIDE)
    leaks = check_leakage(simulation)
    return rehearsed("judged", simulation, begun, leaks, corpora=prompts is not None)


def load(minutes: float, seed: int, prompts: Path | None) -> Rehearsal:
    """The campaigns at the published size, or at what half of the requests allow."""
    begun = time.perf_counter()
    room = 60.0 * minutes * _USED * _speed(seed, prompts)
    factor = min(1.0, room / 2.0 / EXCHANGES)
    ordinary = room - factor * EXCHANGES
    scenario = picture(ordinary, [factor * each.exchanges for each in FEBRUARY])
    simulation = Simulation(scenario, seed, prompts, SIDE)
    return rehearsed("load", simulation, begun, (), corpora=prompts is not None)


def _speed(seed: int, prompts: Path | None) -> float:
    """Requests a second that are generated and detected here, in dense ordinary traffic."""
    dense = Scenario("pilot", days=1.0).scaled(4.0)
    pilot = streamed(Simulation(dense, seed, prompts, SIDE), _PILOT)
    return pilot.traffic.requests / pilot.seconds


def _prompts() -> Path | None:
    try:
        return prompts_directory()
    except CorporaMissing as missing:
        sys.stderr.write(f"WITHOUT REAL PROMPTS: {missing}; texts are the simulator's own\n")
        return None


def main() -> None:
    """Rehearse and print."""
    parser = argparse.ArgumentParser(prog="make rehearsal", description=__doc__)
    option = parser.add_argument
    option("--part", choices=("judged", "load"), required=True)
    option("--requests", type=float, default=1.2e6, help="ordinary requests of the judged part")
    option("--minutes", type=float, default=60.0, help="how long the load part may stream")
    option("--seed", type=int, default=SEED)
    option("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    prompts, seed = _prompts(), arguments.seed
    with as_published():
        if arguments.part == "judged":
            found = judged(arguments.requests, seed, prompts)
        else:
            found = load(arguments.minutes, seed, prompts)
    print(msgspec.json.encode(found).decode() if arguments.json else "\n".join(told(found)))


if __name__ == "__main__":
    main()
