from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.alert import Action, AlertEvent, Response
from schemas.codec import encode
from schemas.errors import InvalidRecord
from schemas.outputs import output_format
from schemas.response import ResponseEvent
from stream.broker.follow import Record
from stream.forwarding.messages import AlertMessages, ResponseMessages
from stream.forwarding.responses import Responses
from tests.models.alerts import alert


def step(
    finding: str,
    accounts: Sequence[str],
    action: Action,
    *,
    sequence: int = 0,
    dismissed: bool = False,
    closed: bool = False,
) -> AlertEvent:
    made = replace(
        alert(finding, accounts, at=60.0 * sequence, sequence=sequence),
        response=Response(action, f"{action} for {finding}"),
    )
    if dismissed:
        made = replace(made, severity="info", response=Response("watch", "dismissed"))
    return replace(made, activity="close") if dismissed or closed else made


def told(events: Sequence[ResponseEvent]) -> list[tuple[str, str]]:
    return [(event.account, event.action) for event in events]


def test_every_account_that_is_newly_named_gets_an_event() -> None:
    responses = Responses()
    assert told(responses.take(step("f", ["b", "a"], "limit"))) == [("a", "limit"), ("b", "limit")]
    later = responses.take(step("f", ["c"], "limit", sequence=1))
    assert told(later) == [("c", "limit")]
    (event,) = later
    assert (event.alert_id, event.reason, event.time) == (
        "f",
        "limit for f",
        "1970-01-01T00:01:00.000000Z",
    )
    assert (event.confidence, event.expires) == (0.99, None)


def test_a_changed_advice_is_told_for_all_accounts_of_the_finding() -> None:
    responses = Responses()
    responses.take(step("f", ["a", "b"], "verify"))
    changed = responses.take(step("f", ["c"], "limit", sequence=1))
    assert told(changed) == [("a", "limit"), ("b", "limit"), ("c", "limit")]


def test_the_strictest_of_several_findings_holds() -> None:
    responses = Responses()
    responses.take(step("f", ["a"], "hold"))
    assert responses.take(step("g", ["a"], "limit")) == []
    assert told(responses.take(step("h", ["a"], "ban"))) == [("a", "ban")]


def test_a_dismissed_finding_releases_its_accounts_unless_another_names_them() -> None:
    responses = Responses()
    responses.take(step("f", ["a", "b"], "hold"))
    responses.take(step("g", ["b"], "limit"))
    after = responses.take(step("f", [], "watch", sequence=1, dismissed=True))
    assert told(after) == [("a", "release"), ("b", "limit")]
    assert [event.alert_id for event in after] == ["f", "g"]
    assert after[0].reason == "dismissed"


def test_a_finding_that_ends_by_itself_releases_nobody() -> None:
    responses = Responses()
    responses.take(step("f", ["a"], "hold"))
    assert responses.take(step("f", [], "hold", sequence=1, closed=True)) == []


def test_a_dismissal_that_is_taken_back_is_told_again() -> None:
    responses = Responses()
    responses.take(step("f", ["a"], "limit"))
    responses.take(step("f", [], "watch", sequence=1, dismissed=True))
    again = responses.take(step("f", [], "hold", sequence=2))
    assert told(again) == [("a", "hold")]


def test_a_response_expires_after_its_days_and_a_release_does_not() -> None:
    responses = Responses(days=1.5)
    (event,) = responses.take(step("f", ["a"], "limit"))
    assert event.expires == "1970-01-02T12:00:00.000000Z"
    (release,) = responses.take(step("f", [], "watch", sequence=1, dismissed=True))
    assert release.expires is None


actions: st.SearchStrategy[Action] = st.sampled_from(get_args(Action))
lives = st.lists(
    st.tuples(
        st.sampled_from("fgh"),
        st.lists(st.sampled_from("abcde"), max_size=3),
        actions,
        st.booleans(),
    ),
    max_size=25,
).map(
    lambda steps: [
        step(finding, accounts, action, sequence=number, dismissed=dismissed)
        for number, (finding, accounts, action, dismissed) in enumerate(steps)
    ]
)


@given(lives)
def test_repeated_alerts_change_nothing_and_ids_are_those_of_the_content(
    events: list[AlertEvent],
) -> None:
    once, twice = Responses(), Responses()
    first = [response for event in events for response in once.take(event)]
    second = []
    for row, event in enumerate(events):
        second += twice.take(event)
        for earlier in events[: row + 1]:
            assert twice.take(earlier) == []
    assert second == first
    assert len({response.event_id for response in first}) == len(first)


@given(lives, st.data())
def test_after_a_restart_only_what_is_new_is_told(
    events: list[AlertEvent], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events)))
    records = [Record(0, offset, encode(event)) for offset, event in enumerate(events)]
    whole, after = ResponseMessages(Responses()), ResponseMessages(Responses())
    wanted = [whole(record) for record in records]
    past = [after(record._replace(past=True)) for record in records[:cut]]
    assert past == [[]] * cut
    assert [after(record) for record in records[cut:]] == wanted[cut:]


@given(lives)
def test_no_account_is_told_the_same_twice_and_the_first_word_is_no_release(
    events: list[AlertEvent],
) -> None:
    responses = Responses()
    latest: dict[str, str] = {}
    for event in events:
        for response in responses.take(event):
            assert response.action != latest.get(response.account, "release")
            latest[response.account] = response.action


def test_a_repeated_alert_is_sent_once() -> None:
    messages = AlertMessages(output_format("native"))
    record = Record(0, 0, encode(alert("f", ["a"], at=0)))
    (message,) = messages(record)
    assert message == ("f", record.value)
    assert messages(record._replace(offset=1)) == []


def test_what_was_no_alert_in_the_past_is_not_put_aside_again() -> None:
    assert ResponseMessages(Responses())(Record(0, 0, b"?", past=True)) == []


def test_what_is_no_alert_is_said_to_be_none() -> None:
    for messages in (AlertMessages(output_format("native")), ResponseMessages(Responses())):
        try:
            messages(Record(0, 0, b"?"))
        except InvalidRecord:
            continue
        raise AssertionError
