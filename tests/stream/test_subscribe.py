from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from schemas.codec import encode
from stream.broker.follow import Record, Records
from stream.subscribe import alerts_of
from tests.models.alerts import alert


def records(*values: bytes) -> Records:
    for offset, value in enumerate(values):
        yield Record(0, offset, value)


FIRST, SECOND = (encode(alert("f", ["a"], at=9, sequence=number)) for number in range(2))


def test_a_repeated_event_comes_once() -> None:
    found = alerts_of(records(FIRST, SECOND, FIRST, SECOND))
    assert [one.sequence for one in found] == [0, 1]


@pytest.mark.parametrize("broken", [b"", b"?", b"{}", FIRST[:-1], b"\xff"])
def test_what_is_no_alert_is_logged_and_left_out(broken: bytes) -> None:
    with capture_logs() as logged:
        found = list(alerts_of(records(FIRST, broken, SECOND)))
    assert len(found) == 2
    (entry,) = logged
    assert entry["event"] == "record is no alert"
    assert (entry["partition"], entry["offset"]) == (0, 1)


def test_leaving_the_alerts_leaves_the_records() -> None:
    source = records(FIRST, SECOND)
    found = alerts_of(source)
    next(found)
    found.close()
    assert list(source) == []
