from __future__ import annotations

from models.requests.coverage import SIGHT, CoverageCount, blind_spots
from schemas.request import REQUEST_FIELDS, RequestEvent

NOW = 1_800_000_000.0


def test_every_field_that_gives_sight_is_one_of_a_request() -> None:
    assert {name for names in SIGHT.values() for name in names} <= REQUEST_FIELDS


def test_fill_is_the_share_of_events_that_carry_a_field() -> None:
    count = CoverageCount(NOW)
    count.add([RequestEvent("1", 1.7e9, "a", ip="192.0.2.1"), RequestEvent("2", 1.7e9, "a")], bad=3)
    found = count.result()
    assert (found.requests, found.bad) == (2, 3)
    assert found.fill == {"id": 1.0, "time": 1.0, "account": 1.0, "ip": 0.5}


def test_metadata_alone_is_blind_for_text_and_text_alone_for_networks() -> None:
    metadata = blind_spots({"ip": 1.0, "payment": 1.0})
    assert metadata["shared prompt fragments"] == ["system", "prompt", "sketch"]
    assert "shared networks" not in metadata
    text = blind_spots({"prompt": 1.0})
    assert "shared networks" in text
    assert "shared prompt fragments" not in text


def test_a_field_in_hardly_any_event_gives_no_sight() -> None:
    assert "shared payments" in blind_spots({"payment": 0.009})
    assert "shared payments" not in blind_spots({"payment": 0.01})


def test_odd_clocks_are_counted() -> None:
    count = CoverageCount(NOW)
    times = [1.7e9, 1.7e9 - 3_500, 1.7e9 - 3_700, 0.0, NOW + 3_500, NOW + 3_700]
    count.add([RequestEvent(str(row), time, "a") for row, time in enumerate(times)])
    found = count.result()
    assert (found.backwards, found.ancient, found.future) == (2, 1, 1)
    assert (found.first, found.last) == (0.0, NOW + 3_700)


def test_nothing_read_is_no_blindness() -> None:
    found = CoverageCount(NOW).result()
    assert (found.requests, found.fill, found.blind, found.first) == (0, {}, {}, None)
