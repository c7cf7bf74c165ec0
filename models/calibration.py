"""Calibration: what a tie score means, learned from ordinary ties of the deployment itself.

A score becomes a p-value through the tail of the scores of ordinary ties of its kind. Two nulls are held
against each other and the more cautious one counts: the *reference* that ships with the weights (fitted
on attack-free traffic) and the deployment's *own* ties, which enter two days after their test and only
if no finding has claimed them by then, so that a campaign does not teach the detector to accept it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kinds import KIND_COUNT

LOWEST, HIGHEST, STEP = -60.0, 60.0, 0.25
_BINS = round((HIGHEST - LOWEST) / STEP)
_TAIL_SHARE = 0.05
_LEAST_OWN = 400
_HALF_LIFE_DAYS = 14.0


def score_bin(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Histogram bin of each score."""
    return np.clip((scores - LOWEST) / STEP, 0, _BINS - 1).astype(np.intp)


class Tail:
    """Upper tail of a histogram of scores: empirical inside the data, exponential beyond.

    The exponential is fitted to the exceedances over the 95 % point by their mean, enlarged by two
    standard errors so that a short sample errs on the quiet side.
    """

    def __init__(self, histogram: NDArray[np.float64]) -> None:
        self.total = float(histogram.sum())
        above = np.cumsum(histogram[::-1])[::-1]
        self._survival = above / max(self.total, 1e-9)
        start = int(np.searchsorted(-self._survival, -_TAIL_SHARE, side="left"))
        self.start = LOWEST + min(start, _BINS - 1) * STEP
        counts = histogram[start:]
        number = float(counts.sum())
        centres = (np.arange(len(counts)) + 0.5) * STEP
        mean = float((counts * centres).sum()) / number if number > 0 else STEP
        self.share = number / max(self.total, 1e-9)
        self.scale = max(mean, STEP) * (1.0 + 2.0 / np.sqrt(max(number, 1.0)))

    def p_value(self, score: float) -> float:
        """Probability that an ordinary tie scores at least this much."""
        inside = float(self._survival[min(int(max(score - LOWEST, 0.0) / STEP), _BINS - 1)])
        if score <= self.start:
            return inside
        return min(1.0, max(inside, self.share * float(np.exp(-(score - self.start) / self.scale))))


class ReferenceTail:
    """The tail fitted on attack-free traffic: share, start and scale per kind of tie."""

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
    """p-values of tie scores by kind.

    Args:
        references: The reference tail of each kind that is scored.
        delay: Epochs that a test waits before it may enter the deployment's own null.
        per_day: Epochs in a day.
    """

    def __init__(self, references: Mapping[int, ReferenceTail], delay: int, per_day: float) -> None:
        self._references = dict(references)
        self._delay = delay
        self._fading = 0.5 ** (1.0 / (_HALF_LIFE_DAYS * per_day))
        self._own = np.zeros((KIND_COUNT, _BINS))
        self._tails: list[Tail | None] = [None] * KIND_COUNT
        self._waiting: deque[tuple[int, NDArray[np.uint64], NDArray[np.intp]]] = deque()
        self._last_epoch = 0

    def note(
        self, epoch: int, keys: NDArray[np.uint64], scores: NDArray[np.float64]
    ) -> None:
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
            kinds = (keys[honest] & np.uint64(15)).astype(np.intp)
            np.add.at(self._own, (kinds, bins[honest]), 1.0)
            changed = True
        if changed:
            self._tails = [Tail(row) if row.sum() >= _LEAST_OWN else None for row in self._own]

    def p_value(self, kind: int, score: float) -> float:
        """The more cautious of both nulls' p-values; 1 for kinds that are not scored."""
        reference = self._references.get(kind)
        if reference is None or not np.isfinite(score):
            return 1.0
        own = self._tails[kind]
        return max(reference.p_value(score), own.p_value(score) if own else 0.0)

    def score_at(self, p_value: float) -> float:
        """The least score, over all kinds, at which the reference gives this p-value."""
        return min((tail.score_at(p_value) for tail in self._references.values()), default=HIGHEST)

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {"own": self._own, "waiting": list(self._waiting), "last_epoch": self._last_epoch}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._own = state["own"].copy()
        self._waiting = deque((int(epoch), keys, bins) for epoch, keys, bins in state["waiting"])
        self._last_epoch = int(state["last_epoch"])
        self._tails = [Tail(row) if row.sum() >= _LEAST_OWN else None for row in self._own]
