"""What the accounts of all partitions teach: ranks, the population model, how odd is how rare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.accounts.ranking import SAMPLE
from models.evidence.baseline import Population, RankTables
from models.features import BINS
from models.wire.messages import AccountReport, Control

_HOUR_SAMPLE = 32
_LEAST_ODDITIES = 100


class Lessons:
    """The baseline, and the sample that the population model learns from."""

    def __init__(self) -> None:
        self.ranks = RankTables()
        self._population = Population()
        self._oddity = np.zeros(BINS)
        self._hour_sample: list[tuple[int, bytes]] = []

    def learn(self, reports: Sequence[AccountReport]) -> None:
        """Take the reports of an epoch."""
        offered: list[tuple[int, bytes]] = []
        for report in reports:
            self.ranks.add(report.cohorts, report.bins)
            self._oddity += report.oddity
            rows = [row.tobytes() for row in report.sample]
            offered.extend(zip(report.priorities.tolist(), rows, strict=True))
        # As many as one partition alone would have offered.
        self._hour_sample.extend(sorted(offered)[:SAMPLE])

    def turn_hour(self) -> Control:
        """What holds for the next hour."""
        self.ranks.fade()
        self._oddity *= 0.5 ** (1.0 / 72.0)
        sample = sorted(self._hour_sample)[:_HOUR_SAMPLE]
        self._hour_sample = []
        if sample:
            joined = np.frombuffer(b"".join(row for _, row in sample), np.uint8)
            self._population.learn(joined.reshape(len(sample), -1))
        total = self._oddity.sum()
        above = np.cumsum(self._oddity[::-1])[::-1]
        ready = self._population.arrays is not None and total >= _LEAST_ODDITIES
        return Control(
            tables=self.ranks.tables(),
            trees=self._population.arrays,
            oddity_tail=(above + 1.0) / (total + 1.0) if ready else None,
        )

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "ranks": self.ranks.dump(),
            "population": self._population.dump(),
            "oddity": self._oddity,
            "sample": self._hour_sample,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self.ranks.load(state["ranks"])
        self._population.load(state["population"])
        self._oddity = state["oddity"].copy()
        self._hour_sample = [(int(priority), row) for priority, row in state["sample"]]

    def control(self, state: Mapping[str, Any]) -> Control:
        """What held when the state was saved, out of the state of the head."""
        return Control(state["tables"], self._population.arrays, state["oddity_tail"])
