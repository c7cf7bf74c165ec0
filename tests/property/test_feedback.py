"""Verdicts and bans act alike in a replay and in a deployment, whatever goes wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from schemas.times import to_microseconds
from stream.replay.counters import Counters
from tests.property.sources import FactsSource, FeedbackSource, Recording, Requests
from tests.property.test_protocol import (
    CRASHES,
    END,
    UNDISTURBED,
    assert_no_event_has_two_contents,
    dealt,
    facts,
    lines,
    local,
)
from tests.property.world import Odds, World
from tests.stream.traffic import DAY, EPOCH, Heard, line, load_run, open_run, play, time_of


def first_alert() -> AlertEvent:
    return decode_alert(local().alerts[0])


def verdict(moment: float, word: str, alert_id: str | None = None, **rest: Any) -> bytes:
    alert_id = alert_id or first_alert().alert_id
    return line(alert_id=alert_id, time=moment, verdict=word, by="ada", **rest)


@cache
def after_first() -> float:
    """A moment in the epoch after the first alert."""
    return to_microseconds(first_alert().time, "time") / 1e6 + EPOCH


@cache
def feedback() -> list[bytes]:
    """A dismissal that is taken back and made again; verdicts on what nobody found."""
    return [
        verdict(after_first() + 0.25 * DAY, "confirm"),
        verdict(after_first(), "dismiss"),
        verdict(after_first() + 0.4 * DAY, "dismiss"),
        verdict(after_first(), "confirm", "no-such-alert"),
        verdict(after_first() + 0.3 * DAY, "dismiss", "nor-this-one"),
    ]


@cache
def suppression() -> list[bytes]:
    """The accounts of the first finding are of no interest for some hours."""
    moment = after_first()
    return [verdict(moment, "dismiss", scope="accounts", expires=moment + 0.3 * DAY)]


@cache
def bans() -> list[bytes]:
    moment = after_first()
    return [
        *facts(),
        *(line(account=f"mule-{one}", time=moment, status="banned") for one in range(6)),
        line(account="mule-2", time=moment + 0.2 * DAY, status="active"),
        line(account="user-9", time=moment, status="limited"),
    ]


def replayed(verdicts: Sequence[bytes], partitions: int = 1) -> tuple[Heard, Counters]:
    run = open_run(partitions)
    assert run.add_facts(bans()) == []
    assert run.add_feedback(list(verdicts)) == []
    return play(run, lines()), run.counters


@cache
def heard_with_suppression() -> Heard:
    return replayed(suppression())[0]


@cache
def heard_with_feedback() -> tuple[Heard, Counters]:
    return replayed(feedback())


def events_of(heard: Heard, alert_id: str) -> list[AlertEvent]:
    return [one for one in map(decode_alert, heard.alerts) if one.alert_id == alert_id]


def test_verdicts_show_in_the_alerts() -> None:
    heard, counters = heard_with_feedback()
    assert (counters.confirmed, counters.dismissed, counters.unknown_verdicts) == (1, 2, 2)
    told = events_of(heard, first_alert().alert_id)
    assert [event.sequence for event in told] == list(range(len(told)))
    closed = [event for event in told if event.activity == "close"]
    assert [event.severity for event in closed] == ["info", "info"]
    assert told[-1] is closed[-1]
    assert to_microseconds(closed[0].time, "time") / 1e6 < after_first() + EPOCH + 121


@pytest.mark.parametrize("partitions", [1, 3])
def test_neither_order_nor_repetition_nor_partitions_of_verdicts_show(partitions: int) -> None:
    heard, counters = replayed([*feedback()[::-1], *feedback()], partitions)
    assert heard == heard_with_feedback()[0]
    assert counters == heard_with_feedback()[1]


@pytest.mark.parametrize("odds", [UNDISTURBED, CRASHES], ids=["undisturbed", "crashes"])
@pytest.mark.parametrize("partitions", [1, 3])
def test_a_deployment_says_what_the_replay_says(partitions: int, odds: Odds) -> None:
    heard, _ = heard_with_feedback()
    assert_deployed(heard, feedback(), partitions, odds)


def assert_deployed(heard: Heard, verdicts: Sequence[bytes], partitions: int, odds: Odds) -> None:
    """A deployment hears these verdicts and says what was heard of a replay."""
    world = World(61 + partitions, odds)
    names = ["requests/0", "requests/1"]
    world.add_stages(partitions, [*names, "facts/0", "feedback/0"])
    for name, part in zip(names, dealt(lines(), 2), strict=True):
        world.actors.append(Requests(world, name, partitions, Recording.whole(part, END)))
    told = Recording(bans(), None, len(bans()))
    world.actors.append(FactsSource(world, "facts/0", partitions, told))
    said = Recording(list(verdicts), None, len(verdicts))
    world.actors.append(FeedbackSource(world, "feedback/0", partitions, said))
    world.run()
    assert list(dict.fromkeys(world.alerts)) == heard.alerts
    assert list(dict.fromkeys(world.scores)) == heard.scores
    assert_no_event_has_two_contents(world.alerts)


def test_a_run_that_was_saved_goes_on_with_its_verdicts() -> None:
    cut = after_first() + 0.1 * DAY
    run = open_run()
    run.add_facts(bans())
    run.add_feedback(feedback())
    first = play(run, [one for one in lines() if time_of(one) < cut], finish=False)
    again = load_run(run.save())
    second = play(again, [one for one in lines() if time_of(one) >= cut])
    heard, counters = heard_with_feedback()
    assert [*first.alerts, *second.alerts] == heard.alerts
    assert again.counters == counters


def test_what_is_suppressed_is_told_again_when_the_suppression_ends() -> None:
    ends = after_first() + 0.3 * DAY
    told = events_of(heard_with_suppression(), first_alert().alert_id)
    closed = next(place for place, one in enumerate(told) if one.activity == "close")
    assert told[closed].severity == "info"
    again = told[closed + 1]
    assert again.activity == "update"
    assert to_microseconds(again.time, "time") / 1e6 > ends
    named = {account for event in told[: closed + 1] for account in event.accounts}
    for event in map(decode_alert, heard_with_suppression().alerts):
        if after_first() < to_microseconds(event.time, "time") / 1e6 < ends:
            assert event.alert_id == first_alert().alert_id or not named & set(event.accounts)


def test_a_deployment_suppresses_as_the_replay_does() -> None:
    assert_deployed(heard_with_suppression(), suppression(), 3, CRASHES)


def test_a_suppression_outlives_a_restart() -> None:
    cut = after_first() + 0.1 * DAY
    run = open_run()
    run.add_facts(bans())
    run.add_feedback(suppression())
    first = play(run, [one for one in lines() if time_of(one) < cut], finish=False)
    second = play(load_run(run.save()), [one for one in lines() if time_of(one) >= cut])
    assert [*first.alerts, *second.alerts] == heard_with_suppression().alerts
