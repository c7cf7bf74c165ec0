from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.alert import AlertEvent, Entity, Evidence
from schemas.deadletter import DeadLetter
from schemas.errors import InvalidRecord
from schemas.facts import FactsRecord
from schemas.score import ScoreRecord
from schemas.truth import CampaignAccount
from tests.schemas import strategies

SCORE = ScoreRecord(
    entity=Entity("account", "a1"),
    epoch=7,
    score=0.5,
    p_value=0.5,
    requests=3,
    evidence=[Evidence("rhythm", 1.0, 2.0, 3.0, "no night")],
)
FIELDS_OF_CONTRACT = [
    "alert_id",
    "sequence",
    "event_id",
    "activity",
    "time",
    "entity",
    "accounts",
    "accounts_total",
    "requests",
    "detector",
    "title",
    "severity",
    "score",
    "p_value",
    "q_value",
    "evidence",
    "ties",
    "examples",
    "response",
    "techniques",
    "first_seen",
    "last_seen",
    "references",
]


@pytest.mark.parametrize(
    ("records", "decode"),
    [
        (strategies.facts, codec.decode_facts),
        (strategies.feedback, codec.decode_feedback),
        (strategies.alerts, codec.decode_alert),
        (strategies.scores, codec.decode_score),
        (strategies.truths, codec.decode_truth),
    ],
    ids=["facts", "feedback", "alert", "score", "truth"],
)
@given(data=st.data())
def test_a_record_survives_encoding_and_decoding(
    records: st.SearchStrategy[msgspec.Struct],
    decode: Callable[[bytes], msgspec.Struct],
    data: st.DataObject,
) -> None:
    record = data.draw(records)
    assert decode(codec.encode(record)) == record


@pytest.mark.parametrize(
    "decode",
    [
        codec.decode_facts,
        codec.decode_feedback,
        codec.decode_alert,
        codec.decode_score,
        codec.decode_truth,
    ],
)
@given(line=st.binary(max_size=60))
def test_bytes_that_are_no_record_are_refused_and_nothing_else(
    decode: Callable[[bytes], msgspec.Struct], line: bytes
) -> None:
    with pytest.raises(InvalidRecord):
        decode(line)


@given(strategies.alerts)
def test_an_alert_writes_every_field_in_the_documented_order(alert: AlertEvent) -> None:
    assert list(orjson.loads(codec.encode(alert))) == FIELDS_OF_CONTRACT


def test_a_tie_without_a_clear_value_says_null() -> None:
    tie = {"kind": "payment", "digest": "d1", "value": None, "accounts": 3}
    alert = msgspec.convert({**_plain_alert(), "ties": [tie]}, AlertEvent)
    assert orjson.loads(codec.encode(alert))["ties"] == [tie]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_never_written(number: float) -> None:
    score = msgspec.structs.replace(SCORE, evidence=[Evidence("s", 0.0, number, 0.0, "null")])
    with pytest.raises(InvalidRecord) as refusal:
        codec.encode(score)
    assert refusal.value.field == "evidence[0].baseline"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"score": 1.01}, "score"),
        ({"p_value": -0.01}, "p_value"),
        ({"requests": -1}, "requests"),
        ({"evidence": SCORE.evidence * 4}, "evidence"),
        ({"entity": Entity("account", "")}, "entity.id"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecord) as refusal:
        codec.encode(msgspec.structs.replace(SCORE, **change))
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": "urgent"}, "severity"),
        ({"activity": "open"}, "activity"),
        ({"response": {"action": "block", "reason": ""}}, "response.action"),
        ({"entity": {"kind": "org", "id": "o1"}}, "entity.kind"),
        ({"q_value": 2}, "q_value"),
        ({"time": "2025-10-09T10:53:20+02:00"}, "time"),
        ({"accounts": ["a"] * 1001}, "accounts"),
        (
            {"examples": [{"id": "r", "time": "2025-10-09T08:53:20Z", "account": "a"}] * 21},
            "examples",
        ),
    ],
)
def test_an_alert_outside_the_contract_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecord) as refusal:
        codec.decode_alert(orjson.dumps({**_plain_alert(), **change}))
    assert refusal.value.field == field


def test_text_that_is_no_unicode_is_not_written() -> None:
    with pytest.raises(InvalidRecord):
        codec.encode(msgspec.structs.replace(SCORE, entity=Entity("account", "\ud800")))


def test_absent_facts_are_not_written() -> None:
    facts = FactsRecord("a1", 5.0, plan="pro")
    assert orjson.loads(codec.encode(facts)) == {"account": "a1", "time": 5.0, "plan": "pro"}


def test_a_fact_with_an_unknown_status_names_the_field_and_not_the_value() -> None:
    with pytest.raises(InvalidRecord) as refusal:
        codec.decode_facts(b'{"account":"a1","time":1,"status":"canary"}')
    assert refusal.value.field == "status"
    assert "canary" not in refusal.value.reason


def test_times_of_facts_feedback_and_truth_become_unix_seconds() -> None:
    time = b'"1970-01-01T00:00:05Z"'
    facts = codec.decode_facts(b'{"account":"a","time":%b,"account_created":%b}' % (time, time))
    feedback = codec.decode_feedback(b'{"alert_id":"f","time":%b,"verdict":"dismiss"}' % time)
    truth = codec.decode_truth(
        b'{"campaigns":[{"id":"c","family":"drip","evasions":["cover"],"harvest":[[1,2]],'
        b'"accounts":[{"id":"a","from":%b,"to":%b},{"id":"b","from":5}]}],"benign_requests":9}'
        % (time, time)
    )
    assert (facts.time, facts.account_created, feedback.time) == (5.0, 5.0, 5.0)
    assert truth.campaigns[0].accounts == [
        CampaignAccount("a", 5.0, 5.0),
        CampaignAccount("b", 5.0, None),
    ]


def test_a_dead_letter_carries_its_place_and_reason_as_headers() -> None:
    letter = DeadLetter(b"{", "gauger.requests", 3, 41, "malformed JSON", None)
    assert letter.headers() == [
        ("topic", b"gauger.requests"),
        ("partition", b"3"),
        ("offset", b"41"),
        ("reason", b"malformed JSON"),
        ("field", b""),
    ]


def _plain_alert() -> dict[str, Any]:
    return {
        "alert_id": "f1",
        "sequence": 0,
        "event_id": "e1",
        "activity": "create",
        "time": "2025-10-09T08:53:20.000000Z",
        "entity": {"kind": "cluster", "id": "c1"},
        "accounts": ["a1", "a2"],
        "accounts_total": 2,
        "requests": 10,
        "detector": "shared_fragment",
        "title": "Two accounts, one fragment",
        "severity": "high",
        "score": 0.99,
        "p_value": 0.01,
        "q_value": 0.05,
        "evidence": [],
        "ties": [],
        "examples": [],
        "response": {"action": "watch", "reason": "two accounts only"},
        "techniques": [],
        "first_seen": "2025-10-09T08:00:00Z",
        "last_seen": "2025-10-09T08:53:20Z",
    }


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (b'"verdict":"confirm","scope":"ties"', "scope"),
        (b'"verdict":"confirm","expires":9', "expires"),
        (b'"verdict":"dismiss","expires":5', "expires"),
        (b'"verdict":"dismiss","expires":"soon"', "expires"),
        (b'"verdict":"dismiss","scope":"everything"', "scope"),
    ],
)
def test_scope_and_expiry_that_make_no_sense_are_refused(words: bytes, field: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        codec.decode_feedback(b'{"alert_id":"f","time":5,%b}' % words)
    assert refused.value.field == field
