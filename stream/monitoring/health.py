"""Whether a process lives and is ready, told without its help."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from stream.clock import elapsed


class Watched(Protocol):
    """A process that tells of itself; asked from another thread than its own."""

    def faults(self) -> list[str]:
        """Why it can no longer move; nothing while it can."""

    def waits(self) -> list[str]:
        """What it waits for before it is at work; nothing when it is."""

    def exposition(self) -> bytes:
        """Its metrics, in the text format of Prometheus."""


class Pulse:
    """A sign of life, given by whatever must not stand still.

    Args:
        patience: Seconds without a sign after which it stands still; without bound if none.
        clock: Seconds that never go back.
    """

    def __init__(self, patience: float = math.inf, clock: Callable[[], float] = elapsed) -> None:
        self._patience = patience
        self._clock = clock
        self._last = clock()

    def beat(self, ahead: float = 0.0) -> None:
        """It moves, and does so again in `ahead` seconds at the latest."""
        self._last = self._clock() + ahead

    def faults(self, who: str) -> list[str]:
        """That it stands still, if it does."""
        still = self._clock() - self._last
        return [f"{who} stand still for {still:.0f} s"] if still > self._patience else []
