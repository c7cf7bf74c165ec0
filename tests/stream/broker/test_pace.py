from __future__ import annotations

import pytest

from stream.broker.pace import Pace

SECOND = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def test_the_first_time_asked_for_is_due_at_once() -> None:
    assert Pace(2.0, Clock()).seconds_until(1_700_000_000 * SECOND) == 0.0


def test_event_time_runs_faster_by_the_speed() -> None:
    clock = Clock()
    pace = Pace(60.0, clock)
    pace.seconds_until(1_000 * SECOND)
    assert pace.seconds_until(1_600 * SECOND) == pytest.approx(10.0)
    clock.seconds += 4
    assert pace.seconds_until(1_600 * SECOND) == pytest.approx(6.0)
    assert pace.time() == 1_240 * SECOND


def test_no_time_is_due_before_one_was_asked_for() -> None:
    with pytest.raises(RuntimeError):
        Pace(1.0).time()
