"""Calibration: what a tie score means, learned from ordinary ties of the deployment itself.

A score becomes a p-value through the tail of the scores of ordinary ties, all kinds together: the
score has a term of its own for each kind. Two nulls are held against each other and the more
cautious one counts: the *reference* that ships with the weights (fitted on attack-free traffic) and
the deployment's *own* ties, which enter two days after their test and only if no finding has
claimed them by then, so that a campaign does not teach the detector to accept it.
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
_TEST_SHARES = (0.05, 0.005)
_EPOCH_SHARES = (0.3, 0.03)
_LEAST_TESTS = 400
_LEAST_EPOCHS = 288
_HALF_LIFE_DAYS = 14.0


def score_bin(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Histogram bin of each score."""
    return np.clip((scores - LOWEST) / STEP, 0, _BINS - 1).astype(np.intp)


class _Tested(NamedTuple):
    """The tests of one epoch that wait to become part of the null."""

    epoch: int
    keys: NDArray[np.uint64]
    bins: NDArray[np.intp]
    requests: int


class Tail:
    """Upper tail of a histogram of scores: empirical up to a trusted point, exponential beyond.

    The exponential runs through the points that `share` and `trusted` of the mass reach, so the
    highest scores have no say: that is where ties of a campaign sit that no finding has claimed.
    Its scale is enlarged by two standard errors, so that a short sample errs on the quiet side.
    """

    def __init__(self, histogram: NDArray[np.float64], share: float, trusted: float) -> None:
        total = float(histogram.sum())
        self._survival = np.cumsum(histogram[::-1])[::-1] / max(total, 1e-9)
        self._share = share
        self._start = self._reached(share)
        self._trusted = max(self._reached(trusted), self._start + STEP)
        scale = (self._trusted - self._start) / float(np.log(share / trusted))
        self._scale = scale * (1.0 + 2.0 / float(np.sqrt(max(total * share, 1.0))))

    def _reached(self, share: float) -> float:
        """The score that this share of the tests reaches."""
        return LOWEST + int(np.searchsorted(-self._survival, -share, side="left")) * STEP

    def p_value(self, score: float) -> float:
        """Probability that an ordinary tie scores at least this much."""
        if score <= self._start:
            return self._inside(score)
        beyond = self._share * float(np.exp(-(score - self._start) / self._scale))
        return beyond if score > self._trusted else max(beyond, self._inside(score))

    def _inside(self, score: float) -> float:
        return float(self._survival[min(int(max(score - LOWEST, 0.0) / STEP), _BINS - 1)])


class Curve:
    """A quantity that falls as the score rises: log-linear between knots, exponential beyond the last.

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
        if len(values) != len(scores) or not values or not rising or not falling or scale <= 0:
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
    """

    tests: Curve
    epochs: Curve


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
        self._epochs = np.zeros(_BINS)
        self._requests = 0.0
        self._tails: tuple[Tail, Tail] | None = None
        self._waiting: deque[_Tested] = deque()
        self._last_epoch = 0

    def note(
        self, epoch: int, keys: NDArray[np.uint64], scores: NDArray[np.float64], requests: int
    ) -> None:
        """Remember an epoch's tests and its number of requests until they are old enough."""
        self._waiting.append(_Tested(epoch, keys, score_bin(scores), requests))

    def mature(self, epoch: int, claimed: Container[int]) -> None:
        """Let tests that are old enough into the null, except ties claimed by a finding."""
        changed = False
        while self._waiting and self._waiting[0].epoch + self._delay <= epoch:
            tested = self._waiting.popleft()
            fading = self._fading ** (epoch - self._last_epoch)
            self._tests *= fading
            self._epochs *= fading
            self._requests = self._requests * fading + tested.requests
            self._last_epoch = epoch
            honest = np.array([key not in claimed for key in tested.keys.tolist()], np.bool_)
            bins = tested.bins[honest]
            np.add.at(self._tests, bins, 1.0)
            self._epochs[int(bins.max()) if len(bins) else 0] += 1.0
            changed = True
        if changed:
            self._fit()

    def _fit(self) -> None:
        enough = self._tests.sum() >= _LEAST_TESTS and self._epochs.sum() >= _LEAST_EPOCHS
        self._tails = (
            (Tail(self._tests, *_TEST_SHARES), Tail(self._epochs, *_EPOCH_SHARES))
            if enough
            else None
        )

    def p_value(self, score: float) -> float:
        """Probability that a test of an ordinary tie scores at least this much.

        The more cautious of both nulls; 1 for ties that are not scored.
        """
        if not np.isfinite(score):
            return 1.0
        own = self._tails[0].p_value(score) if self._tails else 0.0
        return min(1.0, max(self._reference.tests.at(score), own))

    def findings_per_million(self, score: float) -> float:
        """Findings of at least this score that a million ordinary requests bring about."""
        if not np.isfinite(score):
            return float("inf")
        own = 0.0
        if self._tails:
            epochs_per_million = float(self._epochs.sum()) / self._requests * 1e6
            own = self._tails[1].p_value(score) * epochs_per_million
        return max(self._reference.epochs.at(score), own)

    def score_at(self, p_value: float) -> float:
        """The score at which the reference gives this p-value."""
        return self._reference.tests.score_at(p_value)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "tests": self._tests,
            "epochs": self._epochs,
            "requests": self._requests,
            "waiting": [tuple(tested) for tested in self._waiting],
            "last_epoch": self._last_epoch,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._tests, self._epochs = state["tests"].copy(), state["epochs"].copy()
        self._requests = float(state["requests"])
        self._waiting = deque(_Tested(*tested) for tested in state["waiting"])
        self._last_epoch = int(state["last_epoch"])
        self._fit()
