"""Calibration: what a tie score means, learned from ordinary ties of the deployment itself.

A score becomes a p-value through the tail of the scores of ordinary ties, all kinds together: the
score has a term of its own for each kind. Two nulls are held against each other and the more
cautious one
counts: the *reference* that ships with the weights (fitted on attack-free traffic) and the
deployment's
*own* ties, which enter two days after their test and only if no finding has claimed them by then,
so that a campaign does not teach the detector to accept it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST, STEP = -60.0, 60.0, 0.25
_BINS = round((HIGHEST - LOWEST) / STEP)
_TAIL_SHARE, _TRUSTED_SHARE = 0.05, 0.005
_LEAST_OWN = 400
_HALF_LIFE_DAYS = 14.0


def score_bin(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Histogram bin of each score."""
    return np.clip((scores - LOWEST) / STEP, 0, _BINS - 1).astype(np.intp)


class Tail:
    """Upper tail of a histogram of scores: empirical up to the 99.5 % point, exponential beyond.

    The exponential runs through the 95 % and the 99.5 % point, so the highest half per cent of the
    scores has no say: that is where ties of a campaign sit that no finding has claimed. Its scale
    is enlarged by two standard errors, so that a short sample errs on the quiet side.
    """

    def __init__(self, histogram: NDArray[np.float64]) -> None:
        total = float(histogram.sum())
        self._survival = np.cumsum(histogram[::-1])[::-1] / max(total, 1e-9)
        self._start = self._reached(_TAIL_SHARE)
        self._trusted = max(self._reached(_TRUSTED_SHARE), self._start + STEP)
        between = max(total * _TAIL_SHARE, 1.0)
        scale = (self._trusted - self._start) / float(np.log(_TAIL_SHARE / _TRUSTED_SHARE))
        self._scale = scale * (1.0 + 2.0 / float(np.sqrt(between)))

    def _reached(self, share: float) -> float:
        """The score that this share of the tests reaches."""
        return LOWEST + int(np.searchsorted(-self._survival, -share, side="left")) * STEP

    def p_value(self, score: float) -> float:
        """Probability that an ordinary tie scores at least this much."""
        if score <= self._start:
            return self._inside(score)
        beyond = _TAIL_SHARE * float(np.exp(-(score - self._start) / self._scale))
        return beyond if score > self._trusted else max(beyond, self._inside(score))

    def _inside(self, score: float) -> float:
        return float(self._survival[min(int(max(score - LOWEST, 0.0) / STEP), _BINS - 1)])


class ReferenceTail:
    """The tail fitted on attack-free traffic.

    Exponential beyond `start`, which `share` of tests reach.
    """

    def __init__(self, share: float, start: float, scale: float) -> None:
        self._share, self._start, self._scale = share, start, scale

    def p_value(self, score: float) -> float:
        """Probability that an ordinary tie scores at least this much, 1 below the start."""
        if score <= self._start:
            return 1.0
        return self._share * float(np.exp(-(score - self._start) / self._scale))

    def score_at(self, p_value: float) -> float:
        """The score that has this p-value (at most `share`)."""
        return self._start + self._scale * float(np.log(self._share / p_value))


class Calibration:
    """p-values of tie scores.

    Args:
        reference: The reference tail.
        delay: Epochs that a test waits before it may enter the deployment's own null.
        per_day: Epochs in a day.
    """

    def __init__(self, reference: ReferenceTail, delay: int, per_day: float) -> None:
        self._reference = reference
        self._delay = delay
        self._fading = 0.5 ** (1.0 / (_HALF_LIFE_DAYS * per_day))
        self._own = np.zeros(_BINS)
        self._tail: Tail | None = None
        self._waiting: deque[tuple[int, NDArray[np.uint64], NDArray[np.intp]]] = deque()
        self._last_epoch = 0

    def note(self, epoch: int, keys: NDArray[np.uint64], scores: NDArray[np.float64]) -> None:
        """Remember the tests of an epoch until they are old enough."""
        if len(keys):
            self._waiting.append((epoch, keys, score_bin(scores)))

    def mature(self, epoch: int, claimed: Container[int]) -> None:
        """Let tests that are old enough into the null, except ties claimed by a finding."""
        changed = False
        while self._waiting and self._waiting[0][0] + self._delay <= epoch:
            _, keys, bins = self._waiting.popleft()
            self._own *= self._fading ** (epoch - self._last_epoch)
            self._last_epoch = epoch
            honest = np.array([key not in claimed for key in keys.tolist()], np.bool_)
            np.add.at(self._own, bins[honest], 1.0)
            changed = True
        if changed:
            self._fit()

    def _fit(self) -> None:
        self._tail = Tail(self._own) if self._own.sum() >= _LEAST_OWN else None

    def p_value(self, score: float) -> float:
        """The more cautious of both nulls' p-values; 1 for ties that are not scored."""
        if not np.isfinite(score):
            return 1.0
        own = self._tail.p_value(score) if self._tail else 0.0
        return max(self._reference.p_value(score), own)

    def score_at(self, p_value: float) -> float:
        """The score at which the reference gives this p-value."""
        return self._reference.score_at(p_value)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {"own": self._own, "waiting": list(self._waiting), "last_epoch": self._last_epoch}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._own = state["own"].copy()
        self._waiting = deque((int(epoch), keys, bins) for epoch, keys, bins in state["waiting"])
        self._last_epoch = int(state["last_epoch"])
        self._fit()
