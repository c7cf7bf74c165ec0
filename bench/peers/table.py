"""Peers beside Gauger, the same requests and the same budget: `make bench-peers`.

One simulated run a family and seed, each with one campaign. Thresholds of the peers are set on
attack-free runs of other seeds, at the budget that Gauger gets too; what a peer ships as a fixed
rule is shown in lines of its own. Gauger's weights have seen the families, unless `--fitted` names
a folder of `bench.detection`'s runs: then they are fitted with each family left out, which is how
detection figures are published.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.corpora import CorporaMissing, prompts_directory
from bench.detection import LEFT_OUT, left_out_scores, replay
from bench.peers.calibration import BUDGET, Thresholds
from bench.peers.compare import BUDGET_RULE, Quiet, judge_peers, learned, watch_quiet
from bench.peers.outcome import Outcome, outcome
from bench.peers.rendering import table
from models.options import BudgetOptions
from schemas.codec import decode_truth
from stream.settings import Settings
from stream.simulator import Scenario, named_scenario, write_scenario
from stream.simulator.scenario import DAY, FAMILIES

QUIET_SEEDS = (901, 902, 903, 904, 905, 906)
EVENTS = 250_000


class Run(NamedTuple):
    """A simulated run to make: its scenario, seed, and where runs are kept."""

    scenario: Scenario
    seed: int
    work: Path

    @property
    def directory(self) -> Path:
        """Where it is kept."""
        size = round(self.scenario.requests)
        return self.work / f"{self.scenario.name.replace('/', '-')}-{size}-{self.seed}"

    @property
    def alerts_from(self) -> float:
        """When the first campaign may start, Unix seconds; peers only learn before."""
        return self.scenario.start + self.scenario.warm_up * self.scenario.days * DAY

    def simulate(self) -> None:
        """Make the run, if it is not kept already."""
        if not (self.directory / "truth.json").exists():
            write_scenario(self.scenario, self.seed, self.directory, _prompts(), "test")


def _prompts() -> Path | None:
    try:
        return prompts_directory()
    except CorporaMissing as missing:
        print(f"texts are invented: {missing}", file=sys.stderr)
        return None


def planned(names: Iterable[str], seeds: Iterable[int], events: int, work: Path) -> list[Run]:
    """Runs of scenarios, each scaled to about so many ordinary requests (0: as they are).

    Scenarios get seeds of their own from each seed, lest all have the same ordinary traffic.
    """
    scenarios = [named_scenario(name) for name in names]
    if events:
        scenarios = [one.scaled(events / one.requests) for one in scenarios]
    return [
        Run(scenario, 10 * seed + place, work)
        for seed in seeds
        for place, scenario in enumerate(scenarios)
    ]


def watch(run: Run) -> Quiet:
    """Simulate an attack-free run and take note of the peers' scores."""
    run.simulate()
    return watch_quiet(run.directory, run.alerts_from)


def judged(
    run: Run, limits: dict[str, Thresholds], budget: float, score: str | None
) -> list[Outcome]:
    """Simulate a run with one campaign; the outcomes of Gauger and of all peers."""
    run.simulate()
    outcomes = [_gauger(run, budget, score)]
    outcomes += judge_peers(run.directory, run.seed, limits, run.alerts_from)
    print(f"judged {run.scenario.name} seed {run.seed}", file=sys.stderr)
    return outcomes


def _gauger(run: Run, budget: float, score: str | None) -> Outcome:
    settings = Settings(budget=BudgetOptions(false_alerts_per_million=budget))
    start = time.process_time()
    found = replay(run.directory, score, settings)
    seconds = time.process_time() - start
    truth = decode_truth((run.directory / "truth.json").read_bytes())
    return outcome(("gauger", BUDGET_RULE), run.seed, found.alerts, truth, found.traffic, seconds)


def compared(arguments: argparse.Namespace) -> Iterator[list[Outcome]]:
    """The outcomes of each run as soon as it is judged, with two at a time under way."""
    names = [f"{family}{arguments.variant}" for family in arguments.families]
    quiet = planned(["quiet"], QUIET_SEEDS[: arguments.quiet], arguments.events, arguments.work)
    runs = planned(names, arguments.seeds, arguments.events, arguments.work)
    # The longest first, so that both processes end at about the same time.
    runs.sort(key=lambda run: -run.scenario.requests)
    with ProcessPoolExecutor(2) as pool:
        scores: dict[str, str] = {}
        if arguments.fitted:
            fitted = left_out_scores(arguments.fitted, pool)
            pairs = zip(LEFT_OUT, fitted, strict=True)
            scores = {family: score for families, score in pairs for family in families}
        limits = learned(list(pool.map(watch, quiet)), arguments.budget)
        jobs = [
            pool.submit(
                judged, run, limits, arguments.budget, scores.get(run.scenario.campaigns[0].family)
            )
            for run in runs
        ]
        for job in as_completed(jobs):
            yield job.result()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, default=Path("out/peers"), help="simulated runs are kept here")
    option("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    option("--seeds", nargs="+", type=int, default=[501], help="one run a family for each")
    option("--variant", default="", help="added to the family's name, such as @1/3 or +cover:0.5")
    option("--events", type=int, default=EVENTS, help="ordinary requests a run; 0: all")
    option("--quiet", type=int, default=3, choices=range(1, len(QUIET_SEEDS) + 1))
    option("--budget", type=float, default=BUDGET, help="false alerts a million requests")
    option("--fitted", type=Path, help="runs of bench.detection, to fit Gauger's weights without")
    option("--json", type=Path, help="where to write the figures; in the work folder by default")
    return parser.parse_args()


def main() -> None:
    """Print the table, and write the figures as JSON."""
    arguments = _arguments()
    path = arguments.json or arguments.work / "peers.json"
    outcomes: list[Outcome] = []
    for found in compared(arguments):
        outcomes += found
        outcomes.sort(key=lambda one: (FAMILIES.index(one.family), one.seed))
        # After each run, so that hours are not lost with the last of them.
        path.write_bytes(msgspec.json.format(msgspec.json.encode(outcomes)))
    print("\n".join(table(outcomes)))
    weights = "fitted without the family" if arguments.fitted else "shipped, families seen"
    print(f"\nbudget {arguments.budget:g} false alerts a million requests; gauger: {weights}")
    if arguments.events and arguments.events * arguments.quiet * arguments.budget < 1e6:
        print("too little ordinary traffic for this budget: no peer was allowed a single alert on")
        print("it, which still lets through more than the budget; read nothing into the figures")


if __name__ == "__main__":
    main()
