"""LiteLLM's spend anomaly: a user's spend today above a multiple of the daily mean of days before.

Written from the documented behaviour of LiteLLM 1.109 (alert type `user_spend_anomalies`): only the
mean of the past days counts, no deviation, and a user without history is judged by the floor alone.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from bench.peers.base import DAY, Score
from schemas.request import RequestEvent

MULTIPLIER = 3.0
BASELINE_DAYS = 7
# An operator sets the floor; this one is about a day's spend of a busy person.
LEAST_SPEND = 1.0

# Dollars a token, in the usual proportions of list prices.
_FRESH, _CACHED, _WRITTEN = 3e-6, 3e-7, 15e-6


class Spend:
    """Today's spend over the mean of an account's past days.

    The score passes `MULTIPLIER` exactly when LiteLLM would alert.
    """

    name = "litellm spend"
    rules: tuple[str, ...] = ("3 x mean",)

    def __init__(self) -> None:
        self._day = -1
        self._today: dict[str, float] = defaultdict(float)
        self._past: dict[str, deque[float]] = {}

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Score the accounts active in the hour by their spend since midnight."""
        self._turn_to(int(start // DAY))
        for event in events:
            self._today[event.account] += cost(event)
        return [self._score(account) for account in dict.fromkeys(one.account for one in events)]

    def _turn_to(self, day: int) -> None:
        for _ in range(min(day - self._day, BASELINE_DAYS) if self._day >= 0 else 0):
            for account in self._today:
                self._past.setdefault(account, deque(maxlen=BASELINE_DAYS))
            for account, past in self._past.items():
                past.append(self._today.get(account, 0.0))
            self._today.clear()
        self._day = day

    def _score(self, account: str) -> Score:
        past = self._past.get(account)
        mean = sum(past) / len(past) if past else 0.0
        score = self._today[account] / max(mean, LEAST_SPEND / MULTIPLIER)
        return Score(account, score, rules=self.rules if score > MULTIPLIER else ())


def cost(event: RequestEvent) -> float:
    """Dollars that a request costs."""
    cached = event.cached_tokens or 0
    fresh = max(0, (event.input_tokens or 0) - cached)
    return fresh * _FRESH + cached * _CACHED + (event.output_tokens or 0) * _WRITTEN
