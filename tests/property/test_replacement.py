"""A pool that is banned bit by bit: who takes a place is named at once, under the same finding."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import pytest

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from schemas.times import to_microseconds
from tests.stream.traffic import DAY, START, line, open_run, play, pooled, recording

HOUR = 3_600.0
BEGIN, BANNED = START + 0.75 * DAY, START + 1.5 * DAY
FIRST = [f"first-{number}" for number in range(16)]
SECOND = [f"second-{number}" for number in range(16)]
MOST_LEAKED = 0.05


def banned_at(place: int) -> float:
    return BANNED + place * HOUR


@cache
def traffic() -> list[bytes]:
    rows: list[dict[str, Any]] = []
    for place, (first, second) in enumerate(zip(FIRST, SECOND, strict=True)):
        end = banned_at(place)
        rows += pooled([first], BEGIN, end, 240.0, seed=place)
        rows += pooled([second], end + HOUR / 3, end + DAY, 120.0, seed=90 + place)
    return recording(pool=rows)


@cache
def alerts(*, banned: bool) -> list[AlertEvent]:
    run = open_run()
    bans = [
        line(account=name, time=banned_at(place), status="banned")
        for place, name in enumerate(FIRST)
    ]
    assert run.add_facts(bans if banned else []) == []
    return [decode_alert(one) for one in play(run, traffic()).alerts]


def named(told: list[AlertEvent]) -> dict[str, tuple[str, float]]:
    """The finding that names an account first, and when."""
    found: dict[str, tuple[str, float]] = {}
    for event in told:
        for account in event.accounts:
            found.setdefault(account, (event.alert_id, to_microseconds(event.time, "time") / 1e6))
    return found


def leaked(told: list[AlertEvent]) -> float:
    """Share of the requests of the second pool that came before their account was named."""
    found = named(told)
    rows = [one for one in map(orjson.loads, traffic()) if one["account"] in SECOND]
    nobody = ("", float("inf"))
    before = [one for one in rows if one["time"] < found.get(one["account"], nobody)[1]]
    return len(before) / len(rows)


def test_who_replaces_banned_accounts_is_named_under_their_finding_at_once() -> None:
    found = named(alerts(banned=True))
    assert set(found) == {*FIRST, *SECOND}
    assert {alert_id for alert_id, _ in found.values()} == {found[FIRST[0]][0]}
    assert leaked(alerts(banned=True)) <= MOST_LEAKED


def test_without_word_of_the_bans_replacements_wait_for_growth() -> None:
    assert leaked(alerts(banned=False)) > 2 * leaked(alerts(banned=True))


@pytest.mark.parametrize("banned", [True, False])
def test_accounts_that_are_banned_stay_named_and_count_on(banned: bool) -> None:  # noqa: FBT001 - a table's column
    told = alerts(banned=banned)
    totals = [event.accounts_total for event in told if event.activity != "close"]
    assert totals == sorted(totals)
    assert totals[-1] == len(named(told))
