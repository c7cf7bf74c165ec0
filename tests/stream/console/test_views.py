"""Views: figures agree with traffic and alerts, sizes are bounded, nothing is left unsaid."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import msgspec
import pytest

from bench.scene import SMALL, START, Campaign, Scene
from models.options import BudgetOptions
from schemas.codec import decode_facts, decode_feedback, encode
from schemas.times import to_microseconds
from stream.console.book import Book
from stream.console.cells import BUCKET
from stream.console.finding import listed, page
from stream.console.graph import MOST_GROUPS, graph
from stream.console.heat import MOST_ROWS, heat
from stream.console.members import export, members
from stream.console.overview import overview
from stream.console.profile import profile
from stream.console.standing import leak, since_of
from stream.console.traffic import Traffic
from stream.console.views import Unfit, Views
from tests.strategies import KEY
from tests.stream.console.desk import ALERT, book_of

BUDGET = BudgetOptions()
LARGE = Scene(
    ordinary=10,
    requests=10,
    hours=48,
    texts=False,
    campaigns=(
        Campaign(
            name="many", accounts=5_000, from_hour=2, to_hour=40, requests=3, severity="critical"
        ),
    ),
)


@pytest.fixture
def book() -> Book:
    return book_of()


@cache
def large() -> Book:
    return book_of(LARGE)


def verdict(said: str, time: float = START, **more: object) -> bytes:
    return encode_json({"alert_id": ALERT, "time": time, "verdict": said, **more})


def encode_json(value: object) -> bytes:
    return msgspec.json.encode(value)


def test_the_overview_adds_up_to_the_traffic(book: Book) -> None:
    seen = overview(book, BUDGET)
    assert sum(seen.requests) == book.traffic.requests == seen.totals["requests"]
    assert sum(seen.tokens) == sum(int(one[2]) for one in book.traffic.totals.values())
    assert {len(one.values) for one in (*seen.alerts, *seen.evidence)} == {len(seen.requests)}
    events = [event for life in book.lives.values() for event in life]
    assert sum(sum(one.values) for one in seen.alerts) == len(events)
    assert seen.totals["named"] == sum(one.accounts for one in SMALL.campaigns)
    assert len(seen.requests) <= 168


def test_an_overview_of_nothing_is_empty() -> None:
    seen = overview(Book(Traffic()), BUDGET)
    assert (seen.requests, seen.leak.requests_before, seen.budget.allowed) == ([], 0, 0.0)


def test_a_dismissal_takes_its_leak_out_and_uses_the_budget(book: Book) -> None:
    before = overview(book, BUDGET)
    book.add_verdict(decode_feedback(verdict("dismiss", reason="a course")))
    after = overview(book, BUDGET)
    assert (before.budget.dismissed, after.budget.dismissed) == (0, 1)
    own = leak(book.traffic, book.named(ALERT), since_of(book.lives[ALERT]))
    left = before.leak.requests_before - own.requests_before
    assert after.leak.requests_before == left
    book.add_verdict(decode_feedback(verdict("confirm", time=START + 9)))
    assert overview(book, BUDGET).budget.confirmed == 1


def test_the_stricter_of_both_budgets_holds(book: Book) -> None:
    per_million = overview(book, BudgetOptions(false_alerts_per_million=10.0)).budget
    assert per_million.allowed == pytest.approx(book.traffic.requests / 1e5)
    a_day = BudgetOptions(false_alerts_per_million=1e6, false_alerts_per_day=0.5)
    assert overview(book, a_day).budget.allowed == pytest.approx(0.5 * per_million.days)


def test_what_leaked_is_what_came_before_each_was_named(book: Book) -> None:
    named, before, after = book.named(ALERT), 0, 0
    for event in SMALL.events():
        if event["account"] in named:
            late = int(event["time"] * 1e6) // BUCKET > named[event["account"]] // BUCKET
            before, after = before + (not late), after + late
    found = leak(book.traffic, named, since_of(book.lives[ALERT]))
    assert (found.requests_before, found.requests_after) == (before, after)
    assert before > 0 < after


def test_nothing_is_known_to_have_leaked_without_traffic() -> None:
    book = Book(Traffic())
    for event in SMALL.alerts(KEY):
        book.add_alert(event)
    assert page(book, ALERT).leak.requests_before == 0
    assert not page(book, ALERT).traffic_known
    assert heat(book, ALERT).silent == 46
    assert not graph(book, ALERT).known
    assert [one.requests for one in members(book, ALERT).rows][:2] == [None, None]
    assert not profile(book, "mule-0001").known


def test_findings_are_found_by_title_tie_and_account(book: Book) -> None:
    assert [row.severity for row in listed(book, "", "", 0, 9).rows] == ["high", "medium", "low"]
    assert [row.alert_id for row in listed(book, "MULE-0007", "", 0, 9).rows] == [ALERT]
    assert listed(book, "harvest-sdk", "", 0, 9).total == 3
    assert listed(book, "no such thing", "", 0, 9).rows == []
    assert (len(listed(book, "", "open", 1, 1).rows), listed(book, "", "closed", 0, 9).total) == (
        1,
        0,
    )


def test_a_page_says_what_people_said_and_whether_it_was_heard(book: Book) -> None:
    time = to_microseconds(book.lives[ALERT][-1].time, "time") / 1e6
    book.add_verdict(decode_feedback(verdict("dismiss", time, by="ada", expires=time + 99)))
    shown = page(book, ALERT)
    [said] = shown.said
    assert (said.verdict, said.by, said.effective) == ("suppress", "ada", False)
    last = book.lives[ALERT][-1]
    closed = msgspec.structs.replace(
        last, sequence=last.sequence + 1, event_id="x", activity="close", severity="info",
        time="2026-12-01T00:00:00.000000Z", accounts=[],
    )  # fmt: skip
    assert book.add_alert(closed)
    assert not book.add_alert(closed)
    shown = page(book, ALERT)
    assert shown.said[0].effective
    assert (shown.row.status, shown.row.severity, shown.row.verdict) == (
        "dismissed", "high", "suppress",
    )  # fmt: skip
    assert shown.sequence == closed.sequence


def test_the_map_has_each_account_in_a_line_of_its_own(book: Book) -> None:
    seen = heat(book, ALERT)
    sent = Counter(event["account"] for event in SMALL.events())
    assert {line.accounts[0]: line.requests for line in seen.lines} == {
        name: sent[name] for name in book.named(ALERT)
    }
    firsts = [len(line.levels) - len(line.levels.lstrip("0")) for line in seen.lines]
    assert firsts == sorted(firsts)
    assert {len(line.levels) for line in seen.lines} == {seen.columns}
    assert seen.most == sorted(seen.most)
    assert max(max(line.levels) for line in seen.lines) == "9"


def test_a_large_map_groups_accounts_and_says_so() -> None:
    seen = heat(large(), large_alert())
    assert len(seen.lines) == MOST_ROWS
    assert sum(line.count for line in seen.lines) + seen.silent == 5_000
    sent = sum(1 for event in LARGE.events() if event["account"].startswith("many"))
    assert sum(line.requests for line in seen.lines) == sent


def large_alert() -> str:
    return next(iter(large().lives))


def test_groups_of_the_graph_are_accounts_that_showed_the_same(book: Book) -> None:
    seen = graph(book, ALERT)
    assert seen.known
    grouped = sum(group.count for group in seen.groups)
    assert grouped + seen.accounts_left + seen.nothing == 46
    for place, tie in enumerate(seen.ties):
        showing = book.traffic.shown[int(tie.digest, 16)].keys() & book.named(ALERT).keys()
        assert tie.seen == len(showing)
        if not seen.groups_left:
            assert tie.seen == sum(one.count for one in seen.groups if place in one.ties)
    for group in seen.groups:
        for name in group.names:
            shown = [
                place
                for place, tie in enumerate(seen.ties)
                if name in book.traffic.shown[int(tie.digest, 16)]
            ]
            assert shown == group.ties


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
    line = encode_json(
        {"account": "mule-0003", "time": 5, "status": "banned", "payment": "card-canary"}
    )
    book.add_facts(decode_facts(line))
    book.add_facts(decode_facts(encode_json({"account": "mule-0003", "time": 6, "plan": "team"})))
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
    views = Views(large(), BUDGET)
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


def test_a_view_is_made_once_for_what_is_known(book: Book) -> None:
    views = Views(book, BUDGET)
    first = views.encoded("overview", {})
    assert views.encoded("overview", {}) is first
    book.add_verdict(decode_feedback(verdict("confirm")))
    assert views.encoded("overview", {}) is not first


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("findings", {"status": "unheard"}),
        ("findings", {"start": "-1"}),
        ("findings", {"most": "201"}),
        ("findings", {"most": "many"}),
        ("members", {"id": ALERT, "sort": "shoe size"}),
    ],
)
def test_queries_that_make_no_sense_are_refused(
    book: Book, name: str, query: dict[str, str]
) -> None:
    with pytest.raises(Unfit):
        Views(book, BUDGET).encoded(name, query)


def test_the_oldest_finding_makes_room() -> None:
    book = Book(Traffic(), most_findings=2)
    for event in sorted(SMALL.alerts(KEY), key=lambda one: one.time):
        book.add_alert(event)
    assert len(book.lives) == 2
    assert book.findings_of("probe-0001") == []
