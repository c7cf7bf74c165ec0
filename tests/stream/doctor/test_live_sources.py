"""What is said of sources, by where they stand."""

from __future__ import annotations

from stream.checks import Check
from stream.doctor.live_sources import SourceState, judge_sources

HOUR = 3_600_000_000
NOON = 20_370 * 24 * HOUR + 12 * HOUR


def warnings(states: list[SourceState]) -> list[str]:
    return [one.text for one in judge_sources(states) if one.status == "warning"]


def test_the_source_that_holds_the_stream_back_is_named() -> None:
    states = [
        SourceState("requests/0", 0, known=True, time=NOON),
        SourceState("requests/1", 500, known=True, time=NOON - 2 * HOUR),
        SourceState("requests/2", 500, known=True, time=NOON - 3 * HOUR),
    ]
    [warning] = warnings(states)
    assert warning == (
        "requests/2 holds the stream back at 2025-10-09 09:00Z,"
        " 3.0 h of event time behind the furthest; 500 records wait"
    )


def test_a_source_without_a_believed_time_holds_back() -> None:
    states = [
        SourceState("requests/0", 0, known=True, time=NOON),
        SourceState("requests/1", 7, known=True, time=None),
    ]
    [warning] = warnings(states)
    assert warning.startswith("requests/1 holds the stream back: no time in it is believed yet")


def test_a_source_that_is_read_to_its_end_holds_nobody_back() -> None:
    states = [
        SourceState("requests/0", 10, known=True, time=NOON),
        SourceState("requests/1", 0, known=True, time=NOON - 90 * HOUR),
    ]
    assert warnings(states) == []


def test_an_empty_source_needs_no_standing() -> None:
    states = [
        SourceState("requests/0", 0, known=True, time=NOON),
        SourceState("requests/1", 0, known=False, time=None),
    ]
    text = "1 of 2 have been read, 0 records behind; they have come to 2025-10-09 12:00Z at least"
    assert list(judge_sources(states)) == [Check("sources", "ok", text)]
