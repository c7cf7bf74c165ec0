from __future__ import annotations

from models.judging.comparison import compare
from tests.models.alerts import alert, names


def test_a_stream_compared_with_itself_differs_in_nothing() -> None:
    events = [alert("x", names("a", 3), at=60), alert("y", names("b", 3), at=60)]
    result = compare(events, list(reversed(events)) * 2)
    assert [pair.same for pair in result.pairs] == [True, True]
    assert (result.only_a, result.only_b) == ([], [])
    assert (result.accounts_both, result.accounts_only_a, result.accounts_only_b) == (6, 0, 0)


def test_findings_are_matched_by_accounts_whatever_their_ids() -> None:
    a = [alert("x", names("a", 4), at=60)]
    b = [
        alert("p", names("z", 2), at=30),
        alert("q", names("a", 3), at=100, severity="low"),
        alert("q", ["new"], at=110, sequence=1, severity="low"),
    ]
    result = compare(a, b)
    (pair,) = result.pairs
    assert (pair.a.alert_id, pair.b.alert_id) == ("x", "q")
    assert (pair.shared, pair.only_a, pair.only_b) == (3, ["a3"], ["new"])
    assert pair.seconds == 40.0
    assert (pair.a.severity, pair.b.severity) == ("high", "low")
    assert not pair.same
    assert [one.alert_id for one in result.only_b] == ["p"]
    assert (result.accounts_both, result.accounts_only_a, result.accounts_only_b) == (3, 1, 3)


def test_against_an_empty_stream_everything_is_missing() -> None:
    result = compare([], [alert("x", names("a", 3), at=60)])
    assert result.pairs == []
    assert [one.accounts for one in result.only_b] == [3]
