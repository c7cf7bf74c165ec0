from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.judging.findings import Findings, in_order
from tests.models.alerts import alert

SECOND = 1_000_000


def test_accounts_keep_the_time_at_which_they_were_named_first() -> None:
    findings = Findings()
    findings.add(alert("a", ["x", "y"], at=10))
    findings.add(alert("a", ["y", "z"], at=20, sequence=1, severity="low"))
    [finding] = findings.all()
    assert finding.first_time == 10 * SECOND
    assert finding.accounts == {"x": 10 * SECOND, "y": 10 * SECOND, "z": 20 * SECOND}
    assert (finding.latest.sequence, finding.latest.severity) == (1, "low")


def test_events_that_were_seen_change_nothing() -> None:
    findings = Findings()
    for event in (
        alert("a", ["x"], at=10),
        alert("a", ["y"], at=20, sequence=1),
        alert("a", ["z"], at=30, sequence=1),
        alert("a", ["z"], at=40),
    ):
        findings.add(event)
    [finding] = findings.all()
    assert set(finding.accounts) == {"x", "y"}
    assert len(findings) == 1


def test_findings_stand_in_the_order_of_their_first_events() -> None:
    findings = Findings()
    for name, at, sequence in (("b", 10, 0), ("a", 20, 0), ("b", 30, 1)):
        findings.add(alert(name, [], at=at, sequence=sequence))
    assert [finding.latest.alert_id for finding in findings.all()] == ["b", "a"]
    assert len(findings) == 2


EVENTS = [
    alert(name, [], at=at, sequence=sequence)
    for at, name, sequence in ((1, "a", 0), (1, "b", 0), (2, "a", 1), (2, "a", 2), (3, "b", 1))
]


@given(st.permutations([*EVENTS, *EVENTS[:3]]))
def test_a_stream_is_read_as_it_was_made(events: list[object]) -> None:
    assert in_order(events) == EVENTS  # type: ignore[arg-type]  # permutations forget the type
