"""Findings with their whole lives, for whoever asks about one: why, who, since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from models.judging.findings import in_order
from models.signals import SIGNALS
from schemas.alert import (
    Activity,
    AlertEvent,
    Entity,
    Evidence,
    Example,
    Response,
    Severity,
    TieRecord,
    is_dismissed,
)
from schemas.taxonomy import technique

Status = Literal["open", "closed", "dismissed"]
Life = list[AlertEvent]
"""The events of one finding in the order of their sequence; never empty."""


class Step(msgspec.Struct, frozen=True):
    """What one event added to a finding."""

    time: str
    activity: Activity
    severity: Severity
    new_accounts: int
    accounts_total: int
    requests: int
    action: str
    strongest: Evidence | None


class Guide(msgspec.Struct, frozen=True):
    """What a signal of the evidence means, what looks alike, and what to do."""

    signal: str
    title: str
    about: str
    lookalikes: list[str]
    runbook: list[str]


class NamedTechnique(msgspec.Struct, frozen=True):
    """A MITRE ATLAS technique with its name and the names of its tactics."""

    id: str
    name: str
    tactics: list[str]


class Explanation(msgspec.Struct, frozen=True):
    """A finding in full, as its events tell it."""

    alert_id: str
    entity: Entity
    title: str
    severity: Severity
    status: Status
    first_seen: str
    last_seen: str
    requests: int
    p_value: float
    q_value: float
    response: Response
    life: list[Step]
    evidence: list[Evidence]
    ties: list[TieRecord]
    accounts: list[str]
    examples: list[Example]
    techniques: list[NamedTechnique]
    references: list[str]
    guides: list[Guide]


def lives(events: Iterable[AlertEvent]) -> dict[str, Life]:
    """All findings of an alert stream by `alert_id`, in the order of their first event."""
    found: dict[str, Life] = {}
    for event in in_order(events):
        found.setdefault(event.alert_id, []).append(event)
    return found


def accounts_of(life: Life) -> dict[str, str]:
    """The accounts of a finding, each with the time at which it was first named."""
    named: dict[str, str] = {}
    for event in life:
        for account in event.accounts:
            named.setdefault(account, event.time)
    return named


def ties_of(life: Life) -> list[TieRecord]:
    """All ties that a finding ever listed, as the latest event that lists them tells them."""
    found = {(tie.kind, tie.digest): tie for event in life for tie in event.ties}
    return sorted(found.values(), key=lambda tie: (-tie.accounts, tie.kind, tie.digest))


def status_of(life: Life) -> Status:
    """Whether a finding is open, closed for want of news, or dismissed by a person."""
    if life[-1].activity != "close":
        return "open"
    return "dismissed" if is_dismissed(life[-1]) else "closed"


def explain(life: Life) -> Explanation:
    """All that is known of a finding."""
    latest = life[-1]
    return Explanation(
        alert_id=latest.alert_id,
        entity=latest.entity,
        title=latest.title,
        severity=latest.severity,
        status=status_of(life),
        first_seen=min(event.first_seen for event in life),
        last_seen=latest.last_seen,
        requests=latest.requests,
        p_value=latest.p_value,
        q_value=latest.q_value,
        response=latest.response,
        life=[_step(event) for event in life],
        evidence=latest.evidence,
        ties=ties_of(life),
        accounts=list(accounts_of(life)),
        examples=_examples(life),
        techniques=[_named(identity) for identity in latest.techniques],
        references=latest.references,
        guides=_guides(latest.evidence),
    )


def _step(event: AlertEvent) -> Step:
    return Step(
        time=event.time,
        activity=event.activity,
        severity=event.severity,
        new_accounts=len(event.accounts),
        accounts_total=event.accounts_total,
        requests=event.requests,
        action=event.response.action,
        strongest=event.evidence[0] if event.evidence else None,
    )


def _examples(life: Life) -> list[Example]:
    """All examples that the events list, the latest request first."""
    found = {(each.account, each.id): each for event in life for each in event.examples}
    return sorted(found.values(), key=lambda each: each.time, reverse=True)


def _named(identity: str) -> NamedTechnique:
    found = technique(identity)
    return NamedTechnique(found.id, found.name, [tactic.name for tactic in found.tactics])


def _guides(evidence: list[Evidence]) -> list[Guide]:
    """Guides of the signals of some evidence, each once; a newer detector's signal has none."""
    by_id = {signal.id: signal for signal in SIGNALS.values()}
    signals = (by_id.get(name) for name in dict.fromkeys(piece.signal for piece in evidence))
    return [
        Guide(signal.id, signal.title, signal.about, signal.lookalikes, signal.runbook)
        for signal in signals
        if signal is not None
    ]


class Sighting(msgspec.Struct, frozen=True):
    """A finding that shows a value, with the ties that do.

    `accounts` are all of the finding: which of them showed the value, alerts do not say.
    """

    alert_id: str
    entity: Entity
    title: str
    severity: Severity
    status: Status
    first_seen: str
    last_seen: str
    ties: list[TieRecord]
    accounts: list[str]


def sightings(found: Iterable[Life], shows: Callable[[TieRecord], bool]) -> list[Sighting]:
    """The findings with a tie that `shows` what is looked for."""
    return [
        Sighting(
            alert_id=life[-1].alert_id,
            entity=life[-1].entity,
            title=life[-1].title,
            severity=life[-1].severity,
            status=status_of(life),
            first_seen=min(event.first_seen for event in life),
            last_seen=life[-1].last_seen,
            ties=ties,
            accounts=list(accounts_of(life)),
        )
        for life in found
        if (ties := [tie for tie in ties_of(life) if shows(tie)])
    ]
