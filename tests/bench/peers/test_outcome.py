from __future__ import annotations

import pytest

from bench.peers.outcome import outcome
from bench.peers.traffic import hours_of
from models.judging.judgement import Traffic
from schemas.alert import AlertEvent
from schemas.truth import Truth
from tests.models.alerts import MINUTE, alert, campaign, names

TRAFFIC = Traffic(1_000, 0, 10 * MINUTE * 1_000_000)
HARVEST = ((1, 10), (2, 10), (3, 20))


def _outcome(*alerts: AlertEvent) -> dict[str, object]:
    truth = Truth([campaign("c", names("a", 10), HARVEST)], 500)
    found = outcome(("peer", "budget"), 1, alerts, truth, TRAFFIC, 2.0)
    return {name: getattr(found, name) for name in found.__struct_fields__}


def test_figures_of_a_campaign_that_is_found() -> None:
    found = _outcome(
        alert("first", ["a0", "b0"], at=2 * MINUTE), alert("second", names("a", 5), at=3 * MINUTE)
    )
    assert found["found"] is True
    assert (found["leaked"], found["leaked_before_naming"]) == (0.5, 0.25)
    assert found["recall"] == 0.5
    assert found["precision"] == pytest.approx(5 / 6)
    assert (found["accused"], found["alerts"], found["false_alerts"]) == (1, 2, 0)
    assert found["events_per_second"] == 500.0


def test_all_leaks_where_nothing_is_said() -> None:
    found = _outcome()
    assert (found["leaked"], found["leaked_before_naming"]) == (1.0, 1.0)
    assert (found["recall"], found["precision"]) == (0.0, None)


def test_alerts_about_others_are_false() -> None:
    found = _outcome(alert("x", names("b", 4), at=MINUTE))
    assert (found["false_alerts"], found["accused"], found["leaked_before_naming"]) == (1, 4, 1.0)


def test_hours_hold_their_requests_across_blocks() -> None:
    lines = [
        b'{"id": "%d", "time": %d, "account": "a"}' % (number, time)
        for number, time in enumerate((10, 3_599, 3_600, 10_800))
    ]
    hours = list(hours_of([lines[:1], lines[1:]]))
    assert [(hour.start, len(hour.events)) for hour in hours] == [
        (0.0, 2), (3_600.0, 1), (10_800.0, 1)
    ]  # fmt: skip
