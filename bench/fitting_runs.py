"""The simulated runs that the tie score is fitted on; no judged run is among them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from stream.simulator import Scenario, named_scenario


class Run(NamedTuple):
    """A simulated run to fit on; `corpora` says whether texts come from the real prompts.

    `requests` scales a run to about so many ordinary requests.
    """

    scenario: str
    seed: int
    corpora: bool = True
    metadata_only: bool = False
    days: float | None = None
    requests: int | None = None
    contamination: float | None = None

    @property
    def folder(self) -> str:
        """Name of the folder that keeps the run."""
        return f"{self.scenario.replace('/', '-')}-{self.seed}"

    def planned(self) -> Scenario:
        """What to simulate."""
        scenario = replace(named_scenario(self.scenario), metadata_only=self.metadata_only)
        if self.days is not None:
            scenario = replace(scenario, days=self.days)
        if self.requests is not None:
            scenario = scenario.scaled(self.requests / scenario.requests)
        if self.contamination is not None:
            scenario = replace(scenario, contamination=self.contamination)
        return scenario


def _evading(evasion: str, seed: int) -> Run:
    """A small run whose campaigns, twice as dense as elsewhere, all use an evasion by half."""
    return Run(f"all+{evasion}:0.5", seed, requests=300_000, contamination=0.03)


RUNS = (
    Run("all", 101),
    Run("all@1/3", 102),
    Run("all+jitter:0.5+cover:0.3", 104),
    Run("all@1/3", 105, corpora=False, metadata_only=True),
    Run("all+rotate:0.5", 111),
    Run("all@0.1", 112),
    Run("all", 113, corpora=False),
    _evading("isolate", 121),
    _evading("paraphrase", 122),
    _evading("split", 123),
    _evading("warmup", 124),
    Run("quiet", 103),
    Run("quiet", 106, corpora=False),
    Run("quiet", 114),
    Run("quiet", 301, days=14.0),
    Run("quiet", 302, days=14.0),
)
