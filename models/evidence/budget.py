"""The budget: how rare a tie must be among ordinary ones before anyone is bothered with it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from models.options import BudgetOptions

_BINS = 200
_PER_DECADE = 10
_MEMORY_DAYS: Final = 14.0


class Budget:
    """Holds findings to the operator's budget, and turns p-values into q-values.

    Counts fade with a half-life of a day; dismissed findings, and what was allowed meanwhile, with
    one of 14 days.

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
        self._forgetting = 0.5 ** (1.0 / (_MEMORY_DAYS * per_day))
        self._dismissed = 0.0
        self._allowed = 0.0

    def pass_epoch(self, epochs: int, requests: int, tests: int) -> None:
        """Let epochs pass, the last of them with so many requests and tests."""
        fading = self._fading**epochs
        self._tests = self._tests * fading + tests
        self._requests = self._requests * fading + requests
        self._weight = self._weight * fading + (1.0 - fading) / (1.0 - self._fading)
        self._discoveries *= fading
        self._dismissed *= self._forgetting**epochs
        self._allowed *= self._forgetting**epochs
        million = requests / 1e6 * self._options.false_alerts_per_million
        self._allowed += min(million, epochs / self._per_day * self._options.false_alerts_per_day)

    def charge(self) -> None:
        """A finding was dismissed: it was a false alert."""
        self._dismissed += 1.0

    def forgive(self) -> None:
        """A dismissal was taken back."""
        self._dismissed = max(0.0, self._dismissed - 1.0)

    @property
    def overrun(self) -> float:
        """How many times more false alerts there are than the calibration says, at least 1.

        Findings that were dismissed, over what the budget allowed while they were raised; one of
        each is added, so that a single dismissal in a quiet deployment is no proof. It only ever
        tightens: that nothing was dismissed may mean that nobody looked.
        """
        return max(1.0, (1.0 + self._dismissed) / (1.0 + self._allowed))

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

    def p_value(self, findings_per_million: float) -> float:
        """The p-value of a test that ordinary traffic passes that often."""
        per_day = findings_per_million * self.requests_per_day / 1e6
        return min(1.0, per_day / self.tests_per_day)

    def admits(self, findings_per_million: float, q_value: float) -> bool:
        """Whether a tie may raise a finding, by how many such ordinary traffic brings about."""
        options = self._options
        findings_per_million *= self.overrun
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

    @property
    def false_alerts_per_day(self) -> float:
        """False alerts a day that are acceptable at the traffic of late."""
        million = self.requests_per_day / 1e6 * self._options.false_alerts_per_million
        return min(million, self._options.false_alerts_per_day)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "counts": [self._tests, self._requests, self._weight],
            "discoveries": self._discoveries,
            "dismissed": [self._dismissed, self._allowed],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `dump` gave."""
        self._tests, self._requests, self._weight = state["counts"]
        self._discoveries = state["discoveries"].copy()
        self._dismissed, self._allowed = state["dismissed"]


def _place(p_value: float) -> int:
    return int(np.clip(-np.log10(max(p_value, 1e-30)) * _PER_DECADE, 0, _BINS - 1))
