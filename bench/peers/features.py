"""What the general anomaly detectors see of an account: its last day or so in a few numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers.base import DAY, HOUR, Score, by_account
from schemas.request import RequestEvent

HALF_LIFE = 24.0
LEAST_REQUESTS = 5.0
# Logarithms are brought to [0, 1] by what they reach at a very large account.
_LARGE_COUNT, _LARGE_TEXT = math.log1p(20_000), math.log1p(200_000)


@dataclass(slots=True)
class _Account:
    """Sums over an account's requests, halved every 24 hours."""

    time: float = 0.0
    requests: float = 0.0
    read: float = 0.0
    written: float = 0.0
    reasoning: float = 0.0
    single: float = 0.0
    refused: float = 0.0
    tools: float = 0.0
    limit: float = 0.0
    characters: float = 0.0
    hours: float = 0.0
    addresses: float = 0.0
    models: float = 0.0
    users: float = 0.0
    clients: float = 0.0
    created: float | None = None

    def fade(self, start: float) -> None:
        """Let the time until an hour's start pass."""
        factor = 0.5 ** ((start - self.time) / HOUR / HALF_LIFE)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) * factor)
        self.time = start

    def add(self, own: Sequence[RequestEvent]) -> None:
        """Add an hour's requests."""
        for event in own:
            self.read += event.input_tokens or 0
            self.written += event.output_tokens or 0
            self.reasoning += event.reasoning_tokens or 0
            self.single += (event.messages or 0) <= 1
            self.refused += bool(event.refused)
            self.tools += bool(event.tools)
            self.limit += event.max_tokens or 0.0
            self.characters += len(event.prompt or "")
            if isinstance(event.account_created, float | int):
                self.created = float(event.account_created)
        self.requests += len(own)
        self.hours += 1.0
        self.addresses += len({event.ip for event in own})
        self.models += len({event.model for event in own})
        self.users += len({event.end_user for event in own})
        self.clients += len({event.user_agent for event in own})

    def features(self) -> dict[str, float]:
        """The numbers, each in [0, 1]."""
        requests, hours = self.requests, self.hours
        age = 0.5 if self.created is None else _share((self.time - self.created) / DAY, 30.0)
        return {
            "requests": _scaled(requests, _LARGE_COUNT),
            "pace": _scaled(requests / hours, _LARGE_COUNT),
            "hours": hours / (HALF_LIFE / math.log(2.0) + 1.0),
            "read": _scaled(self.read / requests, _LARGE_TEXT),
            "written": _scaled(self.written / requests, _LARGE_TEXT),
            "reasoning": self.reasoning / max(self.written, 1.0, self.reasoning),
            "economy": self.written / max(1.0, self.written + self.read),
            "single": self.single / requests,
            "refused": self.refused / requests,
            "tools": self.tools / requests,
            "limit": _scaled(self.limit / requests, _LARGE_TEXT),
            "characters": _scaled(self.characters / requests, _LARGE_TEXT),
            "addresses": _scaled(self.addresses / hours, _LARGE_COUNT),
            "models": _share(self.models / hours, 3.0),
            "users": _scaled(self.users / hours, _LARGE_COUNT),
            "clients": _share(self.clients / hours, 3.0),
            "age": age,
        }


_SUMS = tuple(name for name in _Account.__dataclass_fields__ if name not in {"time", "created"})


class AccountFeatures:
    """Keeps all accounts, and gives the features of those active in an hour."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def of_hour(
        self, start: float, events: Sequence[RequestEvent]
    ) -> Iterator[tuple[str, dict[str, float]]]:
        """Each active account with at least about five requests lately, and its features."""
        for name, own in by_account(events).items():
            account = self._accounts.setdefault(name, _Account(time=start))
            account.fade(start)
            account.add(own)
            if account.requests >= LEAST_REQUESTS:
                yield name, account.features()


class ScoreThenLearn:
    """A model with river's verbs over these features: whoever is active is scored, then learned.

    Silent until the model has learned its first window of accounts.
    """

    name: str
    rules: tuple[str, ...] = ()

    def __init__(self, model: Any, window: int) -> None:
        self._model = model
        self._unlearned = window
        self._features = AccountFeatures()

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Score and learn the accounts active in the hour."""
        scores = []
        for account, features in self._features.of_hour(start, events):
            if self._unlearned <= 0:
                scores.append(Score(account, self._model.score_one(features)))
            self._model.learn_one(features)
            self._unlearned -= 1
        return scores


def _scaled(value: float, large: float) -> float:
    return min(1.0, math.log1p(value) / large)


def _share(value: float, half: float) -> float:
    """In [0, 1), one half at `half`."""
    return max(0.0, value) / (max(0.0, value) + half)
