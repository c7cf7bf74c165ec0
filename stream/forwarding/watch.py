"""What a forwarder tells of itself."""

from __future__ import annotations

import math

from stream.monitoring.exposition import exposition
from stream.monitoring.health import Pulse
from stream.monitoring.metrics import ForwardMetrics


class ForwardWatch:
    """Health and metrics of a run.

    Args:
        patience: Seconds without a sign of life after which the run stands still.

    Attributes:
        pulse: Gets a sign whenever the run moves, and before it waits.
        metrics: What it counts.
        sink_away: Whether the sink is not available.
    """

    def __init__(self, patience: float = math.inf) -> None:
        self.pulse = Pulse(patience)
        self.metrics = ForwardMetrics()
        self.sink_away = False

    def faults(self) -> list[str]:
        """Why it can no longer move."""
        return self.pulse.faults("alerts")

    def waits(self) -> list[str]:
        """What it waits for."""
        return ["the sink is not available"] if self.sink_away else []

    def exposition(self) -> bytes:
        """Its metrics."""
        self.metrics.unavailable.set(self.sink_away)
        return exposition(self.metrics.registry)
