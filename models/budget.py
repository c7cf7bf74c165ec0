"""The budget: how rare a tie must be among ordinary ones before anyone is bothered with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.options import BudgetOptions

_BINS = 200
_PER_DECADE = 10


class Budget:
    """Holds findings to the operator's budget, and turns p-values into q-values.

    Counts fade with a half-life of a day.

    Args:
        options: The operator's budget.
        per_day: Epochs in a day.
    """

    def __init__(self, options: BudgetOptions, per_day: float) -> None:
        self._options = options
        self._fading = 0.5 ** (1.0 / per_day)
        self._per_day = per_day
        self._tests = 0.0
        self._requests = 0.0
        self._weight = 0.0
        self._discoveries = np.zeros(_BINS)

    def pass_epoch(self, epochs: int, requests: int, tests: int) -> None:
        """Let epochs pass, the last of them with so many requests and tests."""
        fading = self._fading**epochs
        self._tests = self._tests * fading + tests
        self._requests = self._requests * fading + requests
        self._weight = self._weight * fading + (1.0 - fading) / (1.0 - self._fading)
        self._discoveries *= fading

    @property
    def tests_per_day(self) -> float:
        """Tests a day, at least 200."""
        return max(200.0, self._tests / max(self._weight, 1.0) * self._per_day)

    def q_value(self, p_value: float, *, counted: bool = True) -> float:
        """Expected share of false ones among a day's tests with at most this p-value.

        Storey's estimate with pi0 = 1. A tie looked at again without a new test is not
        `counted` once more.
        """
        place = _place(p_value)
        if counted:
            self._discoveries[place] += 1.0
        found = float(self._discoveries[place:].sum())
        return min(1.0, p_value * self.tests_per_day / max(found, 1.0))

    def admits(self, findings_per_million: float, q_value: float) -> bool:
        """Whether a tie may raise a finding, by how many such ordinary traffic brings about."""
        options = self._options
        per_day = findings_per_million * self.requests_per_day / 1e6
        within = (
            findings_per_million <= options.false_alerts_per_million
            and per_day <= options.false_alerts_per_day
        )
        return within and q_value <= options.false_discovery_share

    @property
    def requests_per_day(self) -> float:
        """Requests a day."""
        return self._requests / max(self._weight, 1.0) * self._per_day

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "counts": [self._tests, self._requests, self._weight],
            "discoveries": self._discoveries,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `dump` gave."""
        self._tests, self._requests, self._weight = state["counts"]
        self._discoveries = state["discoveries"].copy()


def _place(p_value: float) -> int:
    return int(np.clip(-np.log10(max(p_value, 1e-30)) * _PER_DECADE, 0, _BINS - 1))
