"""Hypothesis strategies for records of the wire."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.alert import AlertEvent, Entity, Evidence, Example, Response, TieRecord
from schemas.facts import FactsRecord
from schemas.feedback import FeedbackRecord
from schemas.request import MAX_COUNT, REQUEST_FIELDS, RequestEvent
from schemas.response import ResponseEvent
from schemas.score import ScoreRecord
from schemas.times import MAX_SECONDS, to_rfc3339
from schemas.truth import Campaign, CampaignAccount, Evasion, Truth

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
identifiers = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, MAX_COUNT)
shares = st.floats(0, 1)
seconds = st.floats(0, MAX_SECONDS)
utc_times = st.integers(0, MAX_SECONDS * 1_000_000).map(to_rfc3339)
names = st.lists(texts, max_size=4)

_OF_FIELD: dict[str, st.SearchStrategy[Any]] = {
    "id": identifiers,
    "time": seconds,
    "account": identifiers,
    "account_created": seconds,
    "asn": st.integers(0, 2**32 - 1),
    "max_tokens": numbers,
    "temperature": numbers,
    "n": numbers,
    "latency_ms": numbers,
    "tools": names,
    "signatures_issued": names,
    "signatures_presented": names,
    "status": st.integers(100, 599) | texts,
    "refused": st.booleans(),
    **dict.fromkeys(["input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"], counts),
    **dict.fromkeys(["messages", "images"], counts),
}
_REQUIRED = ("id", "time", "account")


def _request(fields: dict[str, Any]) -> RequestEvent:
    return RequestEvent(**fields)


requests = st.fixed_dictionaries(
    {name: _OF_FIELD[name] for name in _REQUIRED},
    optional={
        name: _OF_FIELD.get(name, texts) | st.none()
        for name in sorted(REQUEST_FIELDS.difference(_REQUIRED))
    },
).map(_request)

facts = st.builds(
    FactsRecord,
    account=identifiers,
    time=seconds,
    account_created=st.none() | seconds,
    payment=st.none() | texts,
    plan=st.none() | texts,
    org=st.none() | texts,
    status=st.sampled_from([None, "active", "limited", "banned"]),
)

opinions = st.builds(
    FeedbackRecord,
    alert_id=identifiers,
    time=seconds,
    verdict=st.sampled_from(["confirm", "dismiss"]),
    reason=st.none() | texts,
    by=st.none() | texts,
)
suppressions = st.builds(
    FeedbackRecord,
    alert_id=identifiers,
    time=st.just(7.5),
    verdict=st.just("dismiss"),
    scope=st.sampled_from([None, "ties", "accounts"]),
    expires=st.none() | seconds.filter(lambda time: time > 7.5),
)
feedback = opinions | suppressions

entities = st.builds(Entity, kind=st.sampled_from(["account", "cluster"]), id=identifiers)
evidence = st.builds(
    Evidence, signal=texts, value=numbers, baseline=numbers, weight=numbers, text=texts
)

alerts = st.builds(
    AlertEvent,
    alert_id=identifiers,
    sequence=counts,
    event_id=identifiers,
    activity=st.sampled_from(["create", "update", "close"]),
    time=utc_times,
    entity=entities,
    accounts=st.lists(identifiers, max_size=5),
    accounts_total=counts,
    requests=counts,
    detector=texts,
    title=texts,
    severity=st.sampled_from(["info", "low", "medium", "high", "critical"]),
    score=shares,
    p_value=shares,
    q_value=shares,
    evidence=st.lists(evidence, max_size=3),
    ties=st.lists(
        st.builds(TieRecord, kind=texts, digest=texts, value=st.none() | texts, accounts=counts),
        max_size=3,
    ),
    examples=st.lists(
        st.builds(Example, id=identifiers, time=utc_times, account=identifiers), max_size=3
    ),
    response=st.builds(
        Response,
        action=st.sampled_from(["watch", "verify", "limit", "hold", "ban"]),
        reason=texts,
    ),
    techniques=names,
    first_seen=utc_times,
    last_seen=utc_times,
    references=names,
)

responses = st.builds(
    ResponseEvent,
    event_id=identifiers,
    time=utc_times,
    account=identifiers,
    action=st.sampled_from(["watch", "verify", "limit", "hold", "ban", "release"]),
    reason=texts,
    alert_id=identifiers,
    confidence=shares,
    expires=st.none() | utc_times,
)

scores = st.builds(
    ScoreRecord,
    entity=entities,
    epoch=counts,
    score=shares,
    p_value=shares,
    requests=counts,
    evidence=st.lists(evidence, max_size=3),
)

truths = st.builds(
    Truth,
    campaigns=st.lists(
        st.builds(
            Campaign,
            id=identifiers,
            family=texts,
            evasions=st.lists(texts | st.builds(Evasion, name=texts, intensity=numbers)),
            accounts=st.lists(
                st.builds(CampaignAccount, id=identifiers, start=seconds, end=st.none() | seconds),
                max_size=3,
            ),
            harvest=st.lists(st.tuples(counts, counts), max_size=5),
        ),
        max_size=3,
    ),
    benign_requests=counts,
)
