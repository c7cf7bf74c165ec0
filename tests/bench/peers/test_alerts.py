from __future__ import annotations

import pytest

from bench.peers.alerts import Announcer, above, meeting
from bench.peers.base import DAY, HOUR, Score
from bench.peers.calibration import Highest, Thresholds, thresholds

LIMITS: Thresholds = {"account": 1.0, "group": 10.0}


def _accounts(*scores: float) -> Highest:
    highest = Highest()
    highest.add(Score(f"a{number}", score) for number, score in enumerate(scores))
    return highest


def _groups(highest: Highest, *scores: float) -> Highest:
    highest.add(Score(f"g{number}", score, ("a", "b")) for number, score in enumerate(scores))
    return highest


@pytest.mark.parametrize(
    ("requests", "limit"), [(100_000, 9.0), (400_000, 8.0), (1_000_000, 5.0), (9_000_000, -1e999)]
)
def test_the_budget_says_how_many_accounts_pass(requests: int, limit: float) -> None:
    runs = [_accounts(9.0, 3.0, 5.0), _accounts(8.0, 7.0)]
    assert thresholds(runs, requests, 3.0)["account"] == limit


def test_an_account_counts_once_however_often_it_is_odd() -> None:
    highest = _accounts(3.0, 1.0)
    highest.add([Score("a0", 9.0), Score("a0", 8.0)])
    assert thresholds([highest], 400_000, 3.0)["account"] == 1.0


def test_accounts_and_groups_share_the_budget() -> None:
    both = _groups(_accounts(9.0, 8.0, 7.0), 90.0, 80.0, 70.0)
    assert thresholds([both], 700_000, 3.0) == {"account": 8.0, "group": 80.0}
    groups = _groups(_accounts(), 90.0, 80.0, 70.0)
    assert thresholds([groups], 700_000, 3.0)["group"] == 70.0


def test_accounts_flagged_on_one_day_are_named_together_and_once() -> None:
    announcer = Announcer("peer", above(LIMITS))
    announcer.take(HOUR, [Score("a", 2.0), Score("b", 1.0)])
    announcer.take(DAY, [Score("a", 3.0), Score("c", 2.0)])
    announcer.take(DAY + HOUR, [Score("d", 2.0)])
    told = [(event.alert_id, event.sequence, event.accounts) for event in announcer.events]
    assert told == [
        ("peer: day 0", 0, ["a"]), ("peer: day 0", 1, ["c"]), ("peer: day 1", 0, ["d"])
    ]  # fmt: skip


def test_a_group_keeps_its_alert_while_it_grows() -> None:
    announcer = Announcer("peer", above(LIMITS))
    announcer.take(HOUR, [Score("g", 11.0, ("b", "a")), Score("h", 10.0, ("x",))])
    announcer.take(DAY, [Score("g", 12.0, ("a", "b", "c"))])
    announcer.take(DAY + HOUR, [Score("g", 9.0, ("a", "d"))])
    told = [(event.activity, event.accounts, event.accounts_total) for event in announcer.events]
    assert told == [("create", ["a", "b"], 2), ("update", ["c"], 3)]
    assert announcer.events[0].time == "1970-01-01T01:00:00.000000Z"


def test_fixed_rules_ask_for_no_score() -> None:
    announcer = Announcer("peer", meeting("floors"))
    announcer.take(HOUR, [Score("a", 99.0), Score("b", 0.0, rules=("floors",))])
    assert [event.accounts for event in announcer.events] == [["b"]]
