"""Telling a person how far a recording is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from schemas.times import to_rfc3339
from stream.clock import elapsed

_SECONDS_BETWEEN_LINES = 10.0

Clock = Callable[[], float]
"""Seconds on a clock that never goes back."""


class Position(NamedTuple):
    """How far a replay is, or a publication.

    Attributes:
        requests: Lines read.
        share: Share of all bytes read, None when their number is not known.
        watermark: Event time passed, microseconds; None before the first request.
        findings: Alerts so far; None where nothing is looked for.
    """

    requests: int
    share: float | None
    watermark: int | None
    findings: int | None = None


class Display(Protocol):
    """Shows positions while recordings are read."""

    def show(self, position: Position) -> None:
        """Show a position; called after every block."""

    def close(self) -> None:
        """Leave the screen as it should stay."""


class PlainLines:
    """A line every ten seconds, for logs and pipes."""

    def __init__(self, out: TextIO, clock: Clock = elapsed) -> None:
        self._out = out
        self._clock = clock
        self._begin = clock()
        self._last = self._begin

    def show(self, position: Position) -> None:
        """Write a line when the last is old enough."""
        now = self._clock()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            print(_described(position, now - self._begin), file=self._out, flush=True)

    def close(self) -> None:
        """Nothing to leave behind."""


class Bar:
    """A progress bar that redraws itself."""

    def __init__(self, out: TextIO, clock: Clock = elapsed) -> None:
        self._clock = clock
        self._begin = clock()
        self._progress = Progress(
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(file=out),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)
        self._progress.start()

    def show(self, position: Position) -> None:
        """Move the bar; an input of unknown length only pulses."""
        self._progress.update(
            self._task,
            total=None if position.share is None else 1.0,
            completed=position.share or 0.0,
            description=_described(position._replace(share=None), self._clock() - self._begin),
        )

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()


def display_for(out: TextIO | None = None) -> Display:
    """A bar on a terminal, lines elsewhere; on standard error unless told otherwise."""
    chosen = out or sys.stderr
    return Bar(chosen) if chosen.isatty() else PlainLines(chosen)


def _described(position: Position, seconds: float) -> str:
    rate = position.requests / max(seconds, 1e-9)
    parts = [f"{position.requests:,} events", f"{rate:,.0f}/s"]
    if position.share is not None:
        parts.insert(0, f"{position.share:.0%}")
    if position.watermark is not None:
        parts.append(f"at {to_rfc3339(position.watermark)[:16]}Z")
    if position.findings is not None:
        parts.append(f"{position.findings} alerts")
    return ", ".join(parts)
