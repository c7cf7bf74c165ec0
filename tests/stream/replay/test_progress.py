from __future__ import annotations

import io

from stream.replay.progress import Bar, PlainLines, Position, display_for

POSITION = Position(requests=5_000, share=0.25, watermark=1_788_739_260_000_000, findings=2)


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_a_line_comes_every_ten_seconds() -> None:
    clock = Clock()
    out = io.StringIO()
    display = PlainLines(out, clock)
    for _ in range(25):
        clock.seconds += 1
        display.show(POSITION)
    display.close()
    first, second = out.getvalue().splitlines()
    assert first == "25%, 5,000 events, 500/s, at 2026-09-07T00:01Z, 2 alerts"
    assert "250/s" in second


def test_without_sizes_and_times_a_line_leaves_them_out() -> None:
    clock = Clock()
    out = io.StringIO()
    display = PlainLines(out, clock)
    clock.seconds += 10
    display.show(Position(requests=5_000, share=None, watermark=None, findings=0))
    assert out.getvalue() == "5,000 events, 500/s, 0 alerts\n"


def test_where_nothing_is_looked_for_no_alerts_are_told() -> None:
    clock = Clock()
    out = io.StringIO()
    display = PlainLines(out, clock)
    clock.seconds += 10
    display.show(Position(requests=5_000, share=0.5, watermark=None))
    assert out.getvalue() == "50%, 5,000 events, 500/s\n"


def test_a_bar_shows_events_rate_time_and_alerts() -> None:
    clock = Clock()
    out = Terminal()
    bar = Bar(out, clock)
    clock.seconds += 10
    bar.show(POSITION)
    bar.close()
    assert "5,000 events, 500/s, at 2026-09-07T00:01Z, 2 alerts" in out.getvalue().replace("\n", "")


def test_only_a_terminal_gets_a_bar() -> None:
    assert isinstance(display_for(io.StringIO()), PlainLines)
    bar = display_for(Terminal())
    assert isinstance(bar, Bar)
    bar.close()
