"""Maximum mean discrepancy between an account's window of prompts and ordinary prompts.

After arXiv 2606.05725: windows of 1,500 queries, compared with benign reference traffic. Sentence
embeddings are replaced by hashed grams (`bench.peers.embedding`), the kernel by random features, so
that a window is one constant sum. An account is scored while its window grows, from 100 prompts on,
which is the least that the paper looks at; a full window is followed by a new one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.peers.base import Score
from bench.peers.embedding import Floats, RandomFeatures, embed, median_distance
from schemas.request import RequestEvent

WINDOW, LEAST = 1_500, 100
FEATURES = 256
REFERENCE = 10_000
_FOR_WIDTH = 500


class _Window:
    """Prompts of an account so far, and the sum of their features."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count, self.total = 0, np.zeros(FEATURES)


class Mmd:
    """Accounts by the unbiased estimate of MMD² to the first prompts of the stream.

    Args:
        seed: Of the random features.
        reference: Prompts that make the reference; nothing is scored before they are there.
    """

    name = "mmd"
    rules: tuple[str, ...] = ()

    def __init__(self, seed: int = 1, reference: int = REFERENCE) -> None:
        self._seed = seed
        self._missing = reference
        self._features: RandomFeatures | None = None
        self._sum = np.zeros(FEATURES)
        self._learned = 0
        self._windows: dict[str, _Window] = {}

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Add the hour's prompts to their accounts' windows, and score those."""
        worded = [event for event in events if event.prompt]
        if not worded:
            return []
        features = self._features_of(embed([event.prompt or "" for event in worded]))
        if self._missing > 0:
            self._missing -= len(worded)
            self._sum += features.sum(axis=0)
            self._learned += len(worded)
            return []
        accounts = [event.account for event in worded]
        scores: dict[str, Score] = {}
        for account, row in zip(accounts, features, strict=True):
            window = self._windows.setdefault(account, _Window())
            window.count += 1
            window.total += row
            if window.count == WINDOW:
                scores[account] = Score(account, self._discrepancy(window))
                del self._windows[account]
        for account in dict.fromkeys(accounts):
            grown = self._windows.get(account)
            if account not in scores and grown is not None and grown.count >= LEAST:
                scores[account] = Score(account, self._discrepancy(grown))
        return list(scores.values())

    def _features_of(self, vectors: Floats) -> Floats:
        if self._features is None:
            width = median_distance(vectors[:_FOR_WIDTH])
            self._features = RandomFeatures(FEATURES, width, self._seed)
        return self._features.of(vectors)

    def _discrepancy(self, window: _Window) -> float:
        """MMD² without the bias of the window's size; the kernel of a text with itself is 1."""
        count, total = window.count, window.total
        reference = self._sum / self._learned
        within = (float(total @ total) - count) / (count * (count - 1))
        across = float(total @ reference) / count
        return within - 2.0 * across + float(reference @ reference)
