"""The only wall clock of the project; everything else lives in event time."""

from __future__ import annotations

import time


def now() -> int:
    """Wall clock time, microseconds since 1970 in UTC."""
    return time.time_ns() // 1_000


def elapsed() -> float:
    """Seconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic()
