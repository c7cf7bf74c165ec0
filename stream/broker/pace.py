"""Event time against the wall clock, for traffic that is played at a chosen speed."""

from __future__ import annotations

from collections.abc import Callable

from stream.clock import elapsed

_MICROSECONDS = 1_000_000


class Pace:
    """Event time that runs `speed` times as fast as the wall clock, from the first time asked for.

    Args:
        speed: Seconds of event time a second of wall clock time.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, speed: float, clock: Callable[[], float] = elapsed) -> None:
        self.speed = speed
        self._clock = clock
        self._begin: tuple[float, int] | None = None

    def seconds_until(self, time: int) -> float:
        """Wall clock seconds until an event time (microseconds) is due; not positive once it is."""
        begin, first = self._begin or (self._clock(), time)
        self._begin = begin, first
        return (time - first) / _MICROSECONDS / self.speed - (self._clock() - begin)

    def time(self) -> int:
        """The event time that is due now, microseconds.

        Raises:
            RuntimeError: No time was asked for yet.
        """
        if self._begin is None:
            raise RuntimeError("no time was asked for yet")
        begin, first = self._begin
        return first + int((self._clock() - begin) * self.speed * _MICROSECONDS)
