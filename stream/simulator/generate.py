"""The run itself: days of every kind and campaign, merged by time, given out slice by slice."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np

from stream.simulator.campaigns import Campaign, scenario_campaigns
from stream.simulator.corpus import CorpusText, Sources
from stream.simulator.facts import fact_lines, withhold_facts
from stream.simulator.ordinary import Crowd, ordinary_crowds, ordinary_monitors
from stream.simulator.randomness import Streams
from stream.simulator.render import Renderer
from stream.simulator.rhythm import DAY, Day
from stream.simulator.rows import Rows, blank, join
from stream.simulator.scenario import Scenario
from stream.simulator.text import TextSource
from stream.simulator.truth import TruthKeeper
from stream.simulator.world import World

_SLICE = 20_000


class Simulation:
    """One seeded run. `lines` may be consumed once; the truth is complete afterwards.

    `prompts` is a folder of corpora to write like, `sources` the side of it to use. `draws`
    says for campaigns, by number, which draw of their nuisance parameters to use.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        prompts: Path | None = None,
        sources: Sources = "all",
        draws: dict[int, int] | None = None,
    ) -> None:
        self.streams = Streams(seed)
        text: TextSource | None = None
        if prompts is not None and not scenario.metadata_only:
            text = CorpusText(prompts, sources, self.streams)
        self.world = World(scenario, self.streams, text)
        self.crowds: list[Crowd] = ordinary_crowds(self.world)
        self.monitors = ordinary_monitors(self.world, self.crowds)
        self.campaigns: list[Campaign] = scenario_campaigns(self.world, draws or {})
        for campaign in self.campaigns:
            campaign.hold_budget(list(self.days()))
        withhold_facts(self.world)
        self.renderer = Renderer(self.world)
        self.truth = TruthKeeper(self.world, self.campaigns, self.renderer)

    def rows(self) -> Iterator[Rows]:
        """All requests in time order, a slice of a day at a time; no more than a day is held."""
        pending: Rows = blank(0)
        for day in self.days():
            rows = join([pending, *self.ordinary(day), *self.campaigning(day)])
            times = rows["time"]
            order = np.argsort(times, kind="stable")
            due = int(np.searchsorted(times, min(day.start + DAY, day.run_end), sorter=order))
            for start in range(0, due, _SLICE):
                yield rows[order[start : min(start + _SLICE, due)]]
            pending = rows[order[due:]]
            # Else this day lives on while the next is drawn.
            del rows, times, order

    def lines(self) -> Iterator[bytes]:
        """All requests in time order, one JSON line each."""
        first = 0
        for rows in self.rows():
            self.truth.add(rows)
            yield from self.renderer.lines(self.streams.named("text", first), rows, first)
            first += rows.size

    def facts(self) -> list[bytes]:
        """Facts records in time order, one JSON line each."""
        return fact_lines(self.world, self.campaigns, self.renderer)

    def days(self) -> Iterator[Day]:
        """The days of the run."""
        scenario = self.world.scenario
        for number in range(ceil(scenario.days)):
            yield Day(number, scenario.start + number * DAY, scenario.start, scenario.end)

    def ordinary(self, day: Day) -> Iterator[Rows]:
        """Requests that ordinary accounts begin on a day; the same however often asked for."""
        for crowd in self.crowds:
            yield self._valid(crowd.day(self.streams.named("day", crowd.name, day.number), day))
        rng = self.streams.named("day", self.monitors.name, day.number)
        yield self._valid(self.monitors.day(rng, day))

    def campaigning(self, day: Day) -> Iterator[Rows]:
        """Requests that campaign accounts begin on a day."""
        for campaign in self.campaigns:
            rng = self.streams.named("day", campaign.name, day.number)
            yield self._valid(campaign.day(rng, day))

    def _valid(self, rows: Rows) -> Rows:
        """Only requests while their account is in use and the run lasts."""
        who = self.world.people.table[rows["account"]]
        scenario = self.world.scenario
        inside = (rows["time"] >= who["since"]) & (rows["time"] < who["until"])
        kept: Rows = rows[inside & (rows["time"] >= scenario.start) & (rows["time"] < scenario.end)]
        return kept
