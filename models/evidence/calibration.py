"""Calibration: what a tie score means, learned from ordinary ties.

The shape of the null is the *reference* that ships with the weights, fitted on attack-free traffic,
all kinds of tie together: the score has a term of its own for each kind. The deployment's *own*
ties say where its bulk lies and how wide it is; where they score higher or spread wider than
attack-free traffic ever does, scores are drawn back accordingly, never the other way. Only the bulk
is asked (the middle and the upper tenth), since the top is where ties of campaigns sit that no
finding has claimed; and ties enter two days after their test, unless a finding has claimed them by
then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST, STEP = -60.0, 60.0, 0.25
_BINS = round((HIGHEST - LOWEST) / STEP)
_MIDDLE_SHARE, _UPPER_SHARE = 0.5, 0.1
LEAST_TESTS = 400
"""Tests from which on their bulk means something."""

_HALF_LIFE_DAYS = 14.0


def score_bin(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Histogram bin of each score."""
    return np.clip((scores - LOWEST) / STEP, 0, _BINS - 1).astype(np.intp)


class _Tested(NamedTuple):
    """The tests of one epoch that wait to become part of the null."""

    epoch: int
    keys: NDArray[np.uint64]
    bins: NDArray[np.intp]


class Bulk(NamedTuple):
    """Where the bulk of the tests lies: the score that half of them reach, and a tenth of them."""

    middle: float
    upper: float

    @classmethod
    def of(cls, histogram: NDArray[np.float64]) -> Bulk:
        """The bulk of a histogram of scores, to within a bin."""
        survival = np.cumsum(histogram[::-1])[::-1] / histogram.sum()
        points = [
            LOWEST + float(np.searchsorted(-survival, -share, side="left")) * STEP
            for share in (_MIDDLE_SHARE, _UPPER_SHARE)
        ]
        return cls(points[0], max(points[1], points[0] + STEP))


class Curve:
    """A quantity that falls as the score rises.

    Log-linear between knots, exponential beyond the last.

    Args:
        values: The quantity at each knot, falling.
        scores: Score of each knot, rising.
        scale: Scale of the exponential beyond the last knot.

    Raises:
        ValueError: The knots do not fall and rise, or the scale is not positive.
    """

    def __init__(self, values: Sequence[float], scores: Sequence[float], scale: float) -> None:
        rising = all(low < high for low, high in pairwise(scores))
        falling = all(high > low > 0 for high, low in pairwise(values))
        if len(values) != len(scores) or not values or not rising or not falling or not scale > 0:
            raise ValueError("a curve needs knots of falling values and rising scores")
        self._logs = np.log(np.array(values, np.float64))
        self._scores = np.array(scores, np.float64)
        self._scale = scale

    def at(self, score: float) -> float:
        """The quantity at a score; infinite below the first knot, where nothing is known."""
        if score < self._scores[0]:
            return float("inf")
        beyond = max(0.0, score - float(self._scores[-1])) / self._scale
        return float(np.exp(np.interp(score, self._scores, self._logs) - beyond))

    def score_at(self, value: float) -> float:
        """The score at which the quantity has this value; the first knot for larger ones."""
        wanted = min(float(np.log(value)), float(self._logs[0]))
        inside = np.interp(-wanted, -self._logs, self._scores)
        return float(inside + max(0.0, float(self._logs[-1]) - wanted) * self._scale)


class Reference(NamedTuple):
    """What attack-free traffic shows, by score: the share of tests, and epochs a million requests.

    An epoch counts once, by its highest score: ties of one honest cause are tested together.
    `highest` is how high and how wide the bulk of one attack-free run lay on any day. The curves
    pool all these days, so a deployment whose bulk lies within asks for no correction; what half
    the tests and a tenth of them reach is known too poorly to be carried far out otherwise.
    """

    tests: Curve
    epochs: Curve
    highest: Bulk | None = None

    @property
    def bulk(self) -> Bulk:
        """The bulk beyond which scores are drawn back; that of the curve where none is given."""
        if self.highest is not None:
            return self.highest
        return Bulk(self.tests.score_at(_MIDDLE_SHARE), self.tests.score_at(_UPPER_SHARE))


class Calibration:
    """What tie scores mean among ordinary ties.

    Args:
        reference: The reference null.
        delay: Epochs that a test waits before it may enter the deployment's own null.
        per_day: Epochs in a day.
    """

    def __init__(self, reference: Reference, delay: int, per_day: float) -> None:
        self._reference = reference
        self._delay = delay
        self._fading = 0.5 ** (1.0 / (_HALF_LIFE_DAYS * per_day))
        self._tests = np.zeros(_BINS)
        self._own: Bulk | None = None
        self._waiting: deque[_Tested] = deque()
        self._last_epoch = 0

    def note(self, epoch: int, keys: NDArray[np.uint64], scores: NDArray[np.float64]) -> None:
        """Remember an epoch's tests until they are old enough."""
        if len(keys):
            self._waiting.append(_Tested(epoch, keys, score_bin(scores)))

    def mature(self, epoch: int, claimed: Container[int]) -> None:
        """Let tests that are old enough into the null, except ties claimed by a finding."""
        changed = False
        while self._waiting and self._waiting[0].epoch + self._delay <= epoch:
            tested = self._waiting.popleft()
            self._tests *= self._fading ** (epoch - self._last_epoch)
            self._last_epoch = epoch
            honest = np.array([key not in claimed for key in tested.keys.tolist()], np.bool_)
            np.add.at(self._tests, tested.bins[honest], 1.0)
            changed = True
        if changed:
            self._fit()

    def _fit(self) -> None:
        self._own = Bulk.of(self._tests) if self._tests.sum() >= LEAST_TESTS else None

    def _drawn_back(self, score: float) -> float:
        """The score that stands where this one does, were the bulk the reference's."""
        if self._own is None:
            return score
        known = self._reference.bulk
        widths = (known.upper - known.middle) / (self._own.upper - self._own.middle)
        return min(score, known.middle + (score - self._own.middle) * min(1.0, widths))

    def p_value(self, score: float) -> float:
        """Probability that a test of an ordinary tie scores at least this much; 1 if not scored."""
        if not np.isfinite(score):
            return 1.0
        return min(1.0, self._reference.tests.at(self._drawn_back(score)))

    def findings_per_million(self, score: float) -> float:
        """Findings of at least this score that a million ordinary requests bring about."""
        if not np.isfinite(score):
            return float("inf")
        return self._reference.epochs.at(self._drawn_back(score))

    def score_at(self, p_value: float) -> float:
        """The score at which the reference gives this p-value."""
        return self._reference.tests.score_at(p_value)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "tests": self._tests,
            "waiting": [tuple(tested) for tested in self._waiting],
            "last_epoch": self._last_epoch,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._tests = state["tests"].copy()
        self._waiting = deque(_Tested(*tested) for tested in state["waiting"])
        self._last_epoch = int(state["last_epoch"])
        self._fit()
