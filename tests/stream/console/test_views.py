"""Views: figures agree with traffic and alerts, sizes are bounded, nothing is left unsaid."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from bench.scene import SMALL, START
from models.options import BudgetOptions
from schemas.codec import decode_feedback
from schemas.times import to_microseconds
from stream.console.book import Book
from stream.console.cells import BUCKET
from stream.console.finding import listed, page
from stream.console.graph import graph
from stream.console.heat import MOST_ROWS, heat
from stream.console.members import members
from stream.console.overview import overview
from stream.console.profile import profile
from stream.console.standing import leak, since_of
from stream.console.traffic import Traffic
from stream.console.views import Unfit, Views
from tests.strategies import KEY
from tests.stream.console.desk import ALERT, LARGE, book_of, large, large_alert

BUDGET = BudgetOptions()


@pytest.fixture
def book() -> Book:
    return book_of()


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
