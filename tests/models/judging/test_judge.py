from __future__ import annotations

import random

import pytest

from models.judging.judge import judge
from models.judging.judgement import CampaignJudgement, Judgement, Traffic
from schemas.alert import AlertEvent
from schemas.truth import Campaign, CampaignAccount, Truth
from tests.models.alerts import MINUTE, alert, campaign, names

DAY = 86_400
TRAFFIC = Traffic(requests=10_000, first=0, last=2 * DAY * 1_000_000)


def _judge(
    events: list[AlertEvent], *campaigns: Campaign, benign: int = 9_000, traffic: Traffic = TRAFFIC
) -> Judgement:
    return judge(events, Truth(list(campaigns), benign), traffic)


def _only(judgement: Judgement) -> CampaignJudgement:
    (result,) = judgement.campaigns
    return result


def _verdict(named: list[str], *campaigns: Campaign) -> str:
    (result,) = _judge([alert("x", named, at=100)], *campaigns).alerts
    return result.verdict


@pytest.mark.parametrize(
    ("own", "other", "verdict"),
    [
        (8, 2, "correct"),
        (79, 21, "mixed"),
        (3, 0, "correct"),
        (2, 0, "mixed"),
        (5, 5, "mixed"),
        (4, 5, "false"),
        (0, 1, "false"),
    ],
)
def test_the_share_of_campaign_accounts_decides(own: int, other: int, verdict: str) -> None:
    truth = campaign("c", names("a", own))
    assert _verdict(names("a", own) + names("b", other), truth) == verdict


@pytest.mark.parametrize(("named", "found"), [(4, False), (5, True)])
def test_an_alert_must_name_a_twentieth_of_the_accounts_used(named: int, *, found: bool) -> None:
    truth = campaign("c", names("a", 100))
    assert _only(_judge([alert("x", names("a", named), at=100)], truth)).found is found


def test_accounts_that_the_campaign_uses_later_do_not_count_yet() -> None:
    accounts = [CampaignAccount(name, 0) for name in names("a", 60)]
    accounts += [CampaignAccount(name, 200) for name in names("a", 1_000, first=60)]
    truth = Campaign("c", "hydra", [], accounts, [(1, 10)])
    assert _only(_judge([alert("x", names("a", 3), at=199)], truth)).found
    assert not _only(_judge([alert("x", names("a", 3), at=200)], truth)).found


def test_names_add_up_over_the_events_of_an_alert() -> None:
    truth = campaign("c", names("a", 6))
    events = [
        alert("x", names("a", 2), at=1 * MINUTE),
        alert("x", names("a", 2), at=2 * MINUTE, sequence=1),
        alert("x", names("a", 1, first=2), at=3 * MINUTE, sequence=2),
    ]
    result = _only(_judge(events, truth))
    assert result.time == "1970-01-01T00:03:00.000000Z"
    assert result.seconds == 120.0
    assert result.named == 3


def test_alerts_do_not_lend_each_other_names() -> None:
    truth = campaign("c", names("a", 6))
    events = [alert("x", names("a", 2), at=60), alert("y", names("a", 2, first=2), at=60)]
    assert not _only(_judge(events, truth)).found


def test_order_and_repetition_of_events_change_nothing() -> None:
    truths = [campaign("c", names("a", 6)), campaign("d", names("b", 6))]
    events = [
        alert("x", names("a", 2), at=60),
        alert("x", names("a", 3, first=2), at=120, sequence=1),
        alert("y", names("b", 4), at=180),
    ]
    expected = _judge(events, *truths)
    shuffled = events * 3
    random.Random(7).shuffle(shuffled)
    assert _judge(shuffled, *truths) == expected


def test_the_earliest_correct_alert_counts() -> None:
    truth = campaign("c", names("a", 6))
    events = [alert("late", names("a", 6), at=600), alert("early", names("a", 3), at=120)]
    result = _only(_judge(events, truth))
    assert result.alert_id == "early"
    assert result.named == 6


@pytest.mark.parametrize(
    ("at", "leaked"), [(0, 0.0), (60, 0.0), (61, 0.25), (120, 0.25), (180.5, 0.75), (9_999, 1.0)]
)
def test_leaked_is_the_harvest_before_the_first_correct_alert(at: float, leaked: float) -> None:
    truth = campaign("c", names("a", 6))
    assert _only(_judge([alert("x", names("a", 6), at=at)], truth)).leaked == leaked


def test_of_a_campaign_that_is_not_found_everything_leaked() -> None:
    result = _only(_judge([], campaign("c", names("a", 6))))
    assert (result.found, result.leaked, result.time, result.recall) == (False, 1.0, None, 0.0)
    assert result.precision is None


def test_a_campaign_without_harvest_has_no_leak() -> None:
    judgement = _judge([alert("x", names("a", 6), at=9)], campaign("c", names("a", 6), harvest=[]))
    assert _only(judgement).leaked is None
    assert _only(judgement).seconds is None
    assert judgement.median_leaked is None


def test_an_alert_on_a_shared_pool_counts_for_each_campaign_with_three_tenths_of_it() -> None:
    pool = names("p", 4)
    first = campaign("first", pool + names("a", 3))
    second = campaign("second", pool + names("b", 3))
    small = campaign("small", [pool[0], *names("c", 20)])
    named = pool + names("a", 3) + names("b", 3)
    judgement = _judge([alert("x", named, at=60)], first, second, small)
    assert [result.found for result in judgement.campaigns] == [True, True, False]
    assert judgement.alerts[0].campaigns == ["first", "second"]
    assert [result.precision for result in judgement.campaigns] == [1.0, 1.0, None]


def test_two_campaigns_that_share_nothing_are_no_pool() -> None:
    first, second = campaign("first", names("a", 5)), campaign("second", names("b", 5))
    judgement = _judge([alert("x", names("a", 5) + names("b", 5), at=60)], first, second)
    assert [result.found for result in judgement.campaigns] == [False, False]
    assert judgement.alerts[0].verdict == "mixed"


def test_campaigns_joined_through_a_third_are_one_pool() -> None:
    first = campaign("first", [*names("a", 5), "x"])
    middle = campaign("middle", ["x", "y", "z"])
    last = campaign("last", [*names("b", 5), "y"])
    judgement = _judge([alert("e", names("a", 5) + names("b", 5), at=60)], first, middle, last)
    assert [result.found for result in judgement.campaigns] == [True, False, True]


def test_an_alert_that_drowns_in_others_found_its_campaign_and_is_false() -> None:
    truth = campaign("c", names("a", 4))
    events = [
        alert("x", names("a", 4), at=60),
        alert("x", names("b", 40), at=120, sequence=1),
    ]
    judgement = _judge(events, truth)
    assert _only(judgement).found
    assert judgement.alerts[0].verdict == "false"
    assert judgement.false_alerts == 1
    assert judgement.correct_alerts == 0


def test_precision_and_recall_of_a_campaign_are_taken_at_its_end() -> None:
    truth = campaign("c", names("a", 10), harvest=[(1, 5), (4, 5)], end=100)
    events = [
        alert("x", names("a", 4) + names("b", 1), at=200),
        alert("x", names("a", 6, first=4), at=300, sequence=1),
        alert("x", names("b", 2, first=1), at=301, sequence=2),
    ]
    result = _only(_judge(events, truth))
    assert (result.named, result.precision, result.recall) == (11, 10 / 11, 1.0)
    earlier = campaign("c", names("a", 10), harvest=[(1, 5)], end=250)
    result = _only(_judge(events, earlier))
    assert (result.named, result.precision, result.recall) == (5, 0.8, 0.4)


def test_a_campaign_with_an_active_account_has_not_ended() -> None:
    truth = campaign("c", names("a", 4), harvest=[(1, 5)])
    assert _only(_judge([alert("x", names("a", 4), at=DAY)], truth)).recall == 1.0


def test_overall_precision_and_recall_are_of_all_named_accounts() -> None:
    truths = [campaign("c", names("a", 6)), campaign("d", names("b", 4))]
    events = [alert("x", names("a", 5), at=60), alert("y", names("z", 3), at=60)]
    judgement = _judge(events, *truths)
    assert judgement.precision == 5 / 8
    assert judgement.recall == 5 / 10


def test_false_alerts_are_told_per_million_benign_requests_and_per_day() -> None:
    events = [alert("x", names("z", 3), at=60), alert("y", names("y", 3), at=60)]
    judgement = _judge(events, benign=4_000)
    assert judgement.false_alerts_per_million == 500.0
    assert judgement.false_alerts_per_day == 1.0


def test_without_benign_requests_or_span_there_is_no_rate() -> None:
    judgement = _judge([], benign=0, traffic=Traffic(0, 0, 0))
    assert judgement.false_alerts_per_million is None
    assert judgement.false_alerts_per_day is None
    assert judgement.precision is None
    assert judgement.notes == []


def test_families_are_summed_up_with_missed_campaigns_as_all_leaked() -> None:
    truths = [
        campaign("c", names("a", 4), family="relay"),
        campaign("d", names("b", 4), family="relay"),
        campaign("e", names("c", 4), family="drip"),
    ]
    judgement = _judge([alert("x", names("a", 4), at=61)], *truths)
    told = [(one.family, one.campaigns, one.found, one.median_leaked) for one in judgement.families]
    assert told == [("drip", 1, 0, 1.0), ("relay", 2, 1, 0.625)]
    assert judgement.median_leaked == 1.0
    assert judgement.found == 1


def test_a_truth_that_contradicts_the_traffic_is_told() -> None:
    truth = campaign("c", names("a", 4), harvest=[(10 * 1_440, 50)])
    notes = _judge([], truth, benign=9_990).notes
    assert "9990 benign and 50 harvest requests, the traffic only 10000" in notes[0]
    assert "campaign c harvests outside" in notes[1]
