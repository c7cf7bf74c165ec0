"""Small simulated worlds to measure detection in: each is made once and judged once, then kept.

A broken run resumes where it stopped: recordings lie in `worlds`, judgements in `results`, the
latter by the weights that they were made with, so that a new fit is judged anew on the same worlds.
Remove `results` after the detector has changed otherwise, `scores` after the runs fitted on have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import count
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import msgspec
import orjson

from bench.corpora import prompts_directory
from bench.detection import LEFT_OUT, replayed
from bench.fit_tie_score import as_toml, fit, prepare
from bench.fitting_runs import RUNS
from models.judging.judgement import Judgement
from stream.simulator import CampaignPlan, Scenario, Simulation, write_scenario
from stream.simulator.campaigns.agentic import Agentic
from stream.simulator.campaigns.balanced import Balanced
from stream.simulator.campaigns.base import Campaign
from stream.simulator.campaigns.drip import Drip
from stream.simulator.campaigns.fragment import Fragment
from stream.simulator.campaigns.hydra import Hydra
from stream.simulator.campaigns.probe import Probe
from stream.simulator.campaigns.relay import Relay
from stream.simulator.campaigns.sizing import Published
from stream.simulator.campaigns.template import Template
from stream.simulator.rows import Rows

_CLASSES: tuple[type[Campaign], ...] = (
    Fragment, Template, Balanced, Agentic, Relay, Hydra, Probe, Drip,
)  # fmt: skip
CLASS_OF = {each.family: each for each in _CLASSES}
PAIR_OF = {family: pair for pair in LEFT_OUT for family in pair}


class Shape(NamedTuple):
    """Campaigns of a size that nobody published.

    Attributes:
        accounts: Accounts of each.
        rate: Requests a day and account, cover included.
        days: How long each lasts.
        cover: Share of the requests that serve no harvest; families with more keep theirs.
    """

    accounts: int
    rate: float
    days: float
    cover: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """A run to simulate; `shape` replaces the published sizes of its campaigns."""

    name: str
    scenario: Scenario
    seed: int
    shape: Shape | None = None

    @property
    def folder(self) -> str:
        """Name of the folder that keeps it."""
        return f"{self.name.replace('/', '-')}-{self.seed}"

    def recorded(self, work: Path) -> Path:
        """The folder of the recording, which is made if missing; texts are those for judging."""
        directory = work / "worlds" / self.folder
        if not (directory / "truth.json").exists():
            with shaped(self.scenario, self.shape):
                seed = _seed_that_can_pass(self.scenario, self.seed)
                write_scenario(self.scenario, seed, directory, prompts_directory(), "test")
        return directory

    def rows(self, directory: Path) -> Iterator[Rows]:
        """What a recording of it was rendered from, in the same order."""
        drawn = orjson.loads((directory / "truth.json").read_bytes())["campaigns"]
        draws = {number: campaign["draw"] for number, campaign in enumerate(drawn)}
        with shaped(self.scenario, self.shape):
            seed = _seed_that_can_pass(self.scenario, self.seed)
            run = Simulation(self.scenario, seed, prompts_directory(), "test", draws)
            yield from run.rows()

    def judged(self, work: Path, score: str | None) -> Judgement:
        """What a replay with a tie score (TOML; None: the shipped one) comes to."""
        kept = work / "results" / f"{self.folder}-{weights_id(score)}.json"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(msgspec.json.encode(replayed(self.recorded(work), score)))
        return msgspec.json.decode(kept.read_bytes(), type=Judgement)


def weights_id(score: str | None) -> str:
    """A short name of a tie score (TOML; None: the shipped one)."""
    text = score or resources.files("models.evidence").joinpath("tie_score.toml").read_text("utf-8")
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


@contextmanager
def shaped(scenario: Scenario, shape: Shape | None) -> Iterator[None]:
    """While it lasts, the scenario's families are of this shape."""
    with ExitStack() as patches:
        if shape is not None:
            accounts, rate, days, cover = shape
            size = Published(accounts, rate, days, "bench", floor=accounts, shortest=days)
            for plan in scenario.campaigns:
                family = CLASS_OF[plan.family]
                patches.enter_context(patch.multiple(family, published=size, cover=cover))
        yield


def _seed_that_can_pass(scenario: Scenario, first: int) -> int:
    """The first of `first`, `first` + 1,000 … whose campaigns ask for one answer a prompt.

    The guard refuses all that ask for several, however often they are drawn anew.
    """
    return next(seed for seed in count(first, 1_000) if not _samples(Simulation(scenario, seed)))


def _samples(simulation: Simulation) -> bool:
    samples = simulation.world.people.table["samples"]
    return any((samples[campaign.accounts] > 0).all() for campaign in simulation.campaigns)


def scores_without(fitted: Path, work: Path) -> dict[str, str]:
    """The tie score (TOML) for each family, fitted without it and its pair.

    Args:
        fitted: Keeps the runs fitted on.
        work: Keeps the scores.
    """
    files = {pair: work / "scores" / f"{'+'.join(pair)}.toml" for pair in LEFT_OUT}
    missing = [pair for pair, file in files.items() if not file.exists()]
    runs = [prepare(run, fitted) for run in RUNS] if missing else []
    for pair in missing:
        files[pair].parent.mkdir(parents=True, exist_ok=True)
        files[pair].write_text(as_toml(fit(runs, pair), "families left out"), "utf-8")
    return {family: file.read_text("utf-8") for pair, file in files.items() for family in pair}


def campaigns_of(families: tuple[str, ...], evasions: dict[str, float]) -> tuple[CampaignPlan, ...]:
    """One campaign of each family, all with the same evasions and equal shares of the budget."""
    return tuple(CampaignPlan(each, evasions, 1.0, 1 / len(families)) for each in families)
