"""Microsoft Sentinel: a record of the ASIM AlertEvent schema 0.1."""

from __future__ import annotations

from schemas.alert import AlertEvent, Severity
from schemas.outputs._shared import line
from schemas.product import NAME, VENDOR, VERSION
from schemas.taxonomy import tactics_of, technique

_SEVERITY: dict[Severity, str] = {
    "info": "Informational",
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "critical": "High",
}


def write(event: AlertEvent) -> list[bytes]:
    """The event as a record for the Logs Ingestion API."""
    record = {
        "TimeGenerated": event.time,
        "EventCount": 1,
        "EventStartTime": event.first_seen,
        "EventEndTime": event.last_seen,
        "EventType": "Alert",
        "EventSubType": "Anomaly",
        "EventUid": event.event_id,
        "EventProduct": NAME,
        "EventVendor": VENDOR,
        "EventProductVersion": VERSION,
        "EventSchema": "AlertEvent",
        "EventSchemaVersion": "0.1",
        "EventSeverity": _SEVERITY[event.severity],
        "EventOriginalSeverity": event.severity,
        "EventMessage": event.title,
        "AlertId": event.alert_id,
        "AlertName": event.title,
        "AlertDescription": event.response.reason,
        "AlertStatus": "Closed" if event.activity == "close" else "Active",
        "DetectionMethod": "Behavioral Analytics",
        "RuleName": event.detector,
        "AttackTactics": ", ".join(tactic.name for tactic in tactics_of(event.techniques)),
        "AttackTechniques": ", ".join(
            f"{technique(identity).name} ({identity})" for identity in event.techniques
        ),
        "AdditionalFields": event,
    }
    return [line(record)]


FORMATS = {"asim": write}
