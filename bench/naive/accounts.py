"""What a competent engineer writes first, the same under every stream processor.

Requests are decoded one by one, half-space trees score and learn each, and a table keeps the
account's count and latest score.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import orjson
from river import anomaly


class NaiveAccounts:
    """One model for all accounts."""

    def __init__(self) -> None:
        self._trees: Any = anomaly.HalfSpaceTrees(seed=1)

    def read(self, line: bytes) -> tuple[str, dict[str, float]]:
        """Account and features of a request."""
        event = orjson.loads(line)
        return event["account"], {
            "input": min(1.0, (event.get("input_tokens") or 0) / 10_000),
            "output": min(1.0, (event.get("output_tokens") or 0) / 10_000),
            "messages": min(1.0, (event.get("messages") or 0) / 100),
            "hour": event["time"] % 86_400 / 86_400,
        }

    def update(self, known: Sequence[float] | None, features: dict[str, float]) -> list[float]:
        """The table's new value for an account: requests so far, latest score."""
        oddity = self._trees.score_one(features)
        self._trees.learn_one(features)
        return [(known[0] if known else 0) + 1, oddity]


class Stopwatch:
    """Times the requests after the first, up to a number of them.

    Args:
        count: How many requests there will be.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._seen = 0
        self._wall = self._cpu = 0.0

    def note(self) -> bool:
        """One request is done; whether it was the last, in which case the figures are printed."""
        if not self._seen:
            self._wall, self._cpu = time.perf_counter(), time.process_time()
        self._seen += 1
        if self._seen == self._count:
            wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
            print(orjson.dumps({"seconds": wall, "cpu": cpu}).decode(), flush=True)
        return self._seen >= self._count
