"""Views of accounts: the table of a finding, its export, profiles; sizes of all answers."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from bench.scene import SMALL
from models.options import BudgetOptions
from schemas.codec import decode_facts, encode
from stream.console.book import Book
from stream.console.graph import MOST_GROUPS, graph
from stream.console.members import export, members
from stream.console.profile import profile
from stream.console.views import Views
from tests.stream.console.desk import ALERT, book_of, large, large_alert


@pytest.fixture
def book() -> Book:
    return book_of()


def test_members_are_searched_sorted_and_paged(book: Book) -> None:
    everybody = members(book, ALERT, sort="requests", down=True, most=200)
    assert everybody.total == len(everybody.rows) == 46
    requests = [one.requests or 0 for one in everybody.rows]
    assert requests == sorted(requests, reverse=True)
    paged = [
        one
        for start in range(0, 46, 10)
        for one in members(book, ALERT, sort="requests", down=True, start=start, most=10).rows
    ]
    assert paged == everybody.rows
    assert [one.account for one in members(book, ALERT, "E-004", "account").rows] == [
        f"mule-004{digit}" for digit in range(6)
    ]
    assert all(one.score is not None and one.ties for one in everybody.rows)
    with pytest.raises(KeyError):
        members(book, ALERT, sort="__class__")


def test_facts_stand_in_the_table_and_payments_nowhere(book: Book) -> None:
    line = msgspec.json.encode(
        {"account": "mule-0003", "time": 5, "status": "banned", "payment": "card-canary"}
    )
    book.add_facts(decode_facts(line))
    book.add_facts(
        decode_facts(msgspec.json.encode({"account": "mule-0003", "time": 6, "plan": "team"}))
    )
    [found] = members(book, ALERT, "mule-0003").rows
    assert (found.status, found.plan) == ("banned", "team")
    shown = encode(profile(book, "mule-0003"))
    assert b"banned" in shown
    assert b"canary" not in shown


def test_the_export_has_everybody_and_computes_nothing(book: Book) -> None:
    last = book.lives[ALERT][-1]
    evil = msgspec.structs.replace(
        last, sequence=99, event_id="evil", accounts=["=cmd()"], accounts_total=47
    )
    book.add_alert(evil)
    rows = export(book, ALERT).splitlines()
    assert len(rows) == 48
    assert any(row.startswith("'=cmd()") for row in rows)


def test_a_profile_stands_beside_its_cohort(book: Book) -> None:
    shown = profile(book, "mule-0001")
    figures = {one.name: one for one in shown.figures}
    sent = [event for event in SMALL.events() if event["account"] == "mule-0001"]
    assert figures["Requests"].value == len(sent) == sum(shown.requests)
    assert figures["Tokens"].value == sum(
        event["input_tokens"] + event["output_tokens"] for event in sent
    )
    assert figures["Single-turn requests"].value == 1.0
    refused = sum(event["refused"] for event in sent) / len(sent)
    assert figures["Refused"].value == pytest.approx(refused)
    assert figures["Client programs"].value == 1
    for one in shown.figures:
        assert one.low <= one.middle <= one.high
        assert one.below is None or 0 <= one.below <= 1
    assert [row.alert_id for row in shown.findings] == [ALERT]
    assert shown.score is not None


def test_a_small_cohort_is_the_whole_population() -> None:
    scene = replace(SMALL, ordinary=6, requests=60, campaigns=SMALL.campaigns[2:])
    shown = profile(book_of(scene), "probe-0001")
    assert (shown.cohort, shown.cohort_size) == ("all accounts", 10)


def test_five_thousand_members_make_small_answers() -> None:
    views = Views(large(), BudgetOptions())
    query = {"id": large_alert()}
    for name, most in {
        "finding": 60_000,
        "heat": 150_000,
        "graph": 20_000,
        "members": 40_000,
    }.items():
        assert 500 < len(views.encoded(name, query)) < most
    assert len(views.encoded("members", {**query, "most": "200"})) < 80_000
    assert len(graph(large(), large_alert()).groups) <= MOST_GROUPS
