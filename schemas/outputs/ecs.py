"""Elastic Common Schema: a third-party alert; what ECS has no field for stands under `gauger`."""

from __future__ import annotations

from typing import Any

from schemas.alert import AlertEvent
from schemas.outputs._shared import SEVERITY_NUMBER, addresses, line, values
from schemas.product import NAME, VENDOR, VERSION
from schemas.taxonomy import ATLAS_FRAMEWORK, Tactic, Technique, tactics_of, technique

Fields = dict[str, Any]

ECS_VERSION = "9.3.0"

_OWN = (
    *("alert_id", "entity", "accounts_total", "requests", "score", "p_value", "q_value"),
    *("evidence", "ties", "examples", "response"),
)


def write(event: AlertEvent) -> list[bytes]:
    """The event as an ECS document."""
    document: Fields = {
        "@timestamp": event.time,
        "ecs": {"version": ECS_VERSION},
        "message": event.title,
        "event": _event(event),
        "observer": {"vendor": VENDOR, "product": NAME, "version": VERSION, "type": "analytics"},
        "rule": {"id": event.detector, "name": event.detector, "ruleset": "gauger"},
        "threat": _threat(event.techniques),
        "tags": event.references,
        "related": {"user": event.accounts, "ip": addresses(event)},
        "gauger": {name: getattr(event, name) for name in _OWN},
    }
    # Fields of one value: a guess among several would be worse than none.
    match addresses(event):
        case [address]:
            document["source"] = {"ip": address}
    match values(event, "client"):
        case [client]:
            document["user_agent"] = {"original": client}
    return [line(document)]


def _event(event: AlertEvent) -> Fields:
    return {
        "kind": "alert",
        "category": ["threat"],
        "type": ["indicator"],
        "action": event.activity,
        "id": event.event_id,
        "sequence": event.sequence,
        "module": "gauger",
        "dataset": "gauger.alert",
        "severity": SEVERITY_NUMBER[event.severity],
        "risk_score": 100 * event.score,
        "reason": event.response.reason,
        "start": event.first_seen,
        "end": event.last_seen,
    }


def _threat(techniques: list[str]) -> Fields:
    found = [technique(identity) for identity in techniques]
    above = dict.fromkeys(technique(each.parent) if each.parent else each for each in found)
    below = [each for each in found if each.parent]
    threat: Fields = {
        "framework": ATLAS_FRAMEWORK,
        "tactic": _named(tactics_of(techniques)),
        "technique": _named(list(above)),
    }
    if below:
        threat["technique"]["subtechnique"] = _named(below)
    return threat


def _named(found: list[Technique] | list[Tactic]) -> Fields:
    return {
        "id": [each.id for each in found],
        "name": [each.name for each in found],
        "reference": [each.url for each in found],
    }


FORMATS = {"ecs": write}
