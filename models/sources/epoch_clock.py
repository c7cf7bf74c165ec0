"""The epoch clock: which epoch all sources have passed, so that it may be closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.options import EpochOptions
from models.wire.protocol import NOTHING, Close, Standing

_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class _Known:
    """What is known of a source: see `models.wire.protocol.Standing`.

    `floor` is the first epoch that its rows may count in; it moves when the source comes back from
    being idle, since epochs were closed without it.
    """

    position: int = NOTHING
    watermark: int | None = None
    state: str = "expected"
    floor: int = 0


class EpochClock:
    """Watermarks of all sources, and the epochs that hold rows and are still open.

    An epoch is due when every source that is not idle has passed its end by the allowed lateness.
    A source that is expected and has not yet spoken holds all epochs open; when every source is
    idle, event time stands still.

    Args:
        options: How event time is cut.
        expected: Sources that must speak before anything is closed.
    """

    def __init__(self, options: EpochOptions, expected: Iterable[str]) -> None:
        self._length = options.seconds * _MICROSECONDS
        self._lateness = options.lateness_seconds * _MICROSECONDS
        self._sources = {source: _Known() for source in expected}
        self._open: set[int] = set()
        self.last = NOTHING

    def note(self, standing: Standing) -> int | None:
        """Take a source's word; for one that is joining, the floor with which it is admitted."""
        known = self._sources.setdefault(standing.source, _Known())
        self._open.update(epoch for epoch in standing.epochs if epoch > self.last)
        # After a restart the head may hear again that a source rested where it stood long ago.
        outdated = standing.state == "idle" and standing.position < known.position
        known.position = max(known.position, standing.position)
        if standing.watermark is not None:
            known.watermark = max(known.watermark or 0, standing.watermark)
        if standing.state == "joining":
            if known.state == "idle":
                known.floor = self.last + 1
            known.state = "active"
            return known.floor
        if not outdated:
            known.state = standing.state
        return None

    def position_of(self, source: str) -> int:
        """How far a source is known to have been read."""
        return self._sources[source].position

    def next_due(self) -> Close | None:
        """The next epoch to close, which then counts as closed."""
        holding = [
            known for known in self._sources.values() if known.state in {"active", "expected"}
        ]
        if not self._open or not holding:
            return None
        epoch = min(self._open)
        end = (epoch + 1) * self._length + self._lateness
        if any(known.watermark is None or known.watermark < end for known in holding):
            return None
        self._open.discard(epoch)
        self.last = epoch
        # Verdicts go to the head alone: no account partition is ever covered by their sources.
        coverage = {
            source: known.position
            for source, known in sorted(self._sources.items())
            if known.state != "feedback"
        }
        return Close(epoch, coverage)

    @property
    def watermark(self) -> int | None:
        """Event time that all sources that are not idle have passed; None where one has none."""
        times = [
            known.watermark
            for known in self._sources.values()
            if known.state in {"active", "expected"}
        ]
        if not times or None in times:
            return None
        return min(time for time in times if time is not None)

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        sources = {
            source: [known.position, known.watermark, known.state, known.floor]
            for source, known in self._sources.items()
        }
        return {"sources": sources, "open": sorted(self._open), "last": self.last}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave; sources expected anew stay expected."""
        for source, values in state["sources"].items():
            self._sources[source] = _Known(*values)
        self._open = set(state["open"])
        self.last = state["last"]
