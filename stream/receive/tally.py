"""What was received, told in the log now and then, and as metrics."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NoReturn

import structlog

from stream.monitoring.metrics import ReceiveMetrics

_log = structlog.get_logger()

_TELL_SECONDS = 60.0


class Tally:
    """Counts since they were last told.

    Attributes:
        records: Records written, by client.
        refused: Bodies not taken, by HTTP status.
        dropped: Records that could not be sketched.
        metrics: The same since the start.
    """

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self.dropped = 0
        self.metrics = ReceiveMetrics()

    def take(self, client: str, records: int, dropped: int, seconds: float) -> None:
        """A body of a client was taken, in so much time."""
        self.records[client] += records
        self.dropped += dropped
        self.metrics.records.inc(records)
        self.metrics.dropped.inc(dropped)
        self.metrics.bodies.observe(seconds)

    def refuse(self, status: int) -> None:
        """A body was not taken."""
        self.refused[status] += 1
        self.metrics.refused.labels(str(status)).inc()

    async def tell_on(self) -> NoReturn:
        """Tell every minute."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            self.tell()

    def tell(self) -> None:
        """Log what was counted, if anything was, and begin anew."""
        if self.records or self.refused or self.dropped:
            _log.info(
                "received",
                records=dict(self.records),
                refused={str(status): count for status, count in self.refused.items()},
                dropped=self.dropped,
            )
        self.records.clear()
        self.refused.clear()
        self.dropped = 0
