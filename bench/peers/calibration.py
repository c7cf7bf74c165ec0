"""One budget for all: thresholds that ordinary traffic passes as often as an operator allows.

Accounts and groups of accounts are counted apart, each with half of the budget when a peer scores
both: their scores need not be comparable. A subject counts once, at its highest score. Where the
budget allows less than one alert on all of the ordinary traffic, the threshold is the highest score
met, which other traffic passes more often than the budget says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Literal

from bench.peers.base import Score

Kind = Literal["account", "group"]
KINDS: tuple[Kind, ...] = ("account", "group")
BUDGET = 3.0
"""False alerts a million ordinary requests."""

Thresholds = dict[Kind, float]


def kind_of(score: Score) -> Kind:
    """Whether an account was scored, or a group of them."""
    return "group" if score.accounts else "account"


@dataclass(slots=True)
class Highest:
    """The highest score of each subject of one run."""

    scores: dict[Kind, dict[str, float]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )

    def add(self, scores: Iterable[Score]) -> None:
        """Take note of scores."""
        for one in scores:
            known = self.scores[kind_of(one)]
            known[one.subject] = max(one.score, known.get(one.subject, one.score))


def thresholds(runs: Sequence[Highest], requests: int, budget: float) -> Thresholds:
    """Scores to be above for an alert.

    Args:
        runs: Attack-free runs, each with subjects of its own.
        requests: Requests in all of them, those before any alert is allowed included.
        budget: Subjects a million requests that may be alerted.
    """
    maxima = {
        kind: [score for run in runs for score in run.scores[kind].values()] for kind in KINDS
    }
    allowed = int(budget * requests / 1e6)
    groups = 0 if not maxima["group"] else allowed if not maxima["account"] else allowed // 2
    return {
        "account": _passed_by(maxima["account"], allowed - groups),
        "group": _passed_by(maxima["group"], groups),
    }


def _passed_by(maxima: list[float], allowed: int) -> float:
    """The lowest score that at most so many are above."""
    highest = nlargest(allowed + 1, maxima)
    return highest[allowed] if len(highest) > allowed else float("-inf")
