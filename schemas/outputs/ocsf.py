"""OCSF Detection Finding, class 2004, of version 1.8.0 or 1.6.0, which differ in nothing used here.

Vendor facts that the class has no place for stand under `unmapped`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from schemas.alert import Activity, AlertEvent, Evidence, Example, TieRecord, is_dismissed
from schemas.outputs._shared import (
    SEVERITY_NUMBER,
    confidence,
    is_address,
    line,
    milliseconds,
    values,
)
from schemas.product import NAME, VENDOR, VERSION
from schemas.taxonomy import ATLAS_VERSION, Technique, technique

Fields = dict[str, Any]

_CATEGORY, _CLASS = 2, 2004
_ACTIVITY: dict[Activity, tuple[int, str]] = {
    "create": (1, "Create"),
    "update": (2, "Update"),
    "close": (3, "Close"),
}
_SEVERITIES = ("Informational", "Low", "Medium", "High", "Critical")
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
_IP_ADDRESS, _SUBNET, _USER_AGENT, _USER_UID, _RESOURCE_NAME = 2, 12, 16, 31, 38
_BEHAVIORAL = 2
_SURE, _LIKELY = 95, 80


def write(event: AlertEvent, version: str = "1.8.0") -> list[bytes]:
    """The event as a Detection Finding of that version of OCSF."""
    activity, activity_name = _ACTIVITY[event.activity]
    severity = SEVERITY_NUMBER[event.severity]
    status, status_name = _status(event)
    finding: Fields = {
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"Detection Finding: {activity_name}",
        "time": milliseconds(event.time),
        "start_time": milliseconds(event.first_seen),
        "end_time": milliseconds(event.last_seen),
        "severity_id": severity,
        "severity": _SEVERITIES[severity - 1],
        "status_id": status,
        "status": status_name,
        "confidence_id": _confidence_id(confidence(event)),
        "confidence_score": confidence(event),
        "is_alert": True,
        "count": event.requests,
        "message": event.title,
        "metadata": _metadata(event, version),
        "finding_info": _finding_info(event),
        "remediation": {
            "desc": f"{event.response.action}: {event.response.reason}",
            "references": event.references,
        },
        "anomaly_analyses": [_analysis(event, piece) for piece in event.evidence],
        "resources": [
            {"type": "AI model", "name": model, "uid": model} for model in values(event, "model")
        ],
        "evidences": [
            *({"actor": {"user": {"uid": account}}} for account in event.accounts),
            *(_tie_evidence(tie) for tie in event.ties),
        ],
        "observables": _observables(event),
        "unmapped": {"gauger": _unmapped(event)},
    }
    return [line({name: value for name, value in finding.items() if value != []})]


def _status(event: AlertEvent) -> tuple[int, str]:
    if is_dismissed(event):
        return _SUPPRESSED
    return _RESOLVED if event.activity == "close" else _NEW


def _confidence_id(percent: int) -> int:
    """High, medium or low."""
    return 3 if percent >= _SURE else 2 if percent >= _LIKELY else 1


def _metadata(event: AlertEvent, version: str) -> Fields:
    return {
        "version": version,
        "uid": event.event_id,
        "correlation_uid": event.entity.id,
        "event_code": event.detector,
        "sequence": event.sequence,
        "product": {"name": NAME, "vendor_name": VENDOR, "version": VERSION},
    }


def _finding_info(event: AlertEvent) -> Fields:
    return {
        "uid": event.alert_id,
        "title": event.title,
        "desc": "; ".join(piece.text for piece in event.evidence),
        "types": ["Model extraction"],
        "analytic": {"uid": event.detector, "name": event.detector, "type_id": _BEHAVIORAL},
        "attacks": [_attack(technique(identity)) for identity in event.techniques],
        "first_seen_time": milliseconds(event.first_seen),
        "last_seen_time": milliseconds(event.last_seen),
        "modified_time": milliseconds(event.time),
        "related_events": [_request(example) for example in event.examples],
    }


def _attack(found: Technique) -> Fields:
    attack: Fields = {"version": ATLAS_VERSION}
    if found.parent is None:
        attack["technique"] = _named(found)
    else:
        attack["technique"] = _named(technique(found.parent))
        attack["sub_technique"] = _named(found)
    if found.tactics:
        # One tactic is the attribute of today; a technique of several serves the first here.
        tactic = found.tactics[0]
        attack["tactic"] = {"uid": tactic.id, "name": tactic.name, "src_url": tactic.url}
    return attack


def _named(found: Technique) -> Fields:
    return {"uid": found.id, "name": found.name, "src_url": found.url}


def _request(example: Example) -> Fields:
    return {
        "uid": example.id,
        "type": "API request",
        "first_seen_time": milliseconds(example.time),
        "tags": [{"name": "account", "value": example.account}],
    }


def _analysis(event: AlertEvent, piece: Evidence) -> Fields:
    def seen(value: float, pattern: str) -> Fields:
        return {
            "observation_parameter": piece.signal,
            "observation_type": "Distribution Analysis",
            "observations": [{"value": repr(value)}],
            "observed_pattern": pattern,
        }

    return {
        "analysis_targets": [{"name": event.entity.id, "type": event.entity.kind}],
        "anomalies": [seen(piece.value, piece.text)],
        "baselines": [seen(piece.baseline, "ordinary")],
    }


def _tie_evidence(tie: TieRecord) -> Fields:
    evidence: Fields = {"name": tie.kind, "uid": tie.digest, "data": tie}
    if tie.value and tie.kind in {"address", "network"} and is_address(tie.value):
        evidence["src_endpoint"] = {"ip": tie.value}
    if tie.value and tie.kind == "client":
        evidence["http_request"] = {"user_agent": tie.value}
    return evidence


def _observables(event: AlertEvent) -> list[Fields]:
    networks = values(event, "address", "network")
    found = [
        *(("evidences[].actor.user.uid", _USER_UID, account) for account in event.accounts),
        *(("evidences[].src_endpoint.ip", _IP_ADDRESS, v) for v in networks if is_address(v)),
        *(("evidences[].data.value", _SUBNET, v) for v in networks if not is_address(v)),
        *(
            ("evidences[].http_request.user_agent", _USER_AGENT, value)
            for value in values(event, "client")
        ),
        *(("resources[].name", _RESOURCE_NAME, value) for value in values(event, "model")),
    ]
    return [{"name": name, "type_id": kind, "value": value} for name, kind, value in found]


def _unmapped(event: AlertEvent) -> Fields:
    return {
        "entity": event.entity,
        "accounts_total": event.accounts_total,
        "score": event.score,
        "p_value": event.p_value,
        "q_value": event.q_value,
        "weights": [piece.weight for piece in event.evidence],
        "response": event.response,
    }


FORMATS = {"ocsf": write, "ocsf-1.6": partial(write, version="1.6.0")}
