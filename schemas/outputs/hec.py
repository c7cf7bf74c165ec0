"""Splunk: an envelope of the HTTP Event Collector around an event with CIM Alerts fields.

Fields of several values stand in the envelope's `fields`, which Splunk indexes as multi-value
fields under their own names; arrays within the event would be named `user{}`.
"""

from __future__ import annotations

from schemas.alert import AlertEvent, Severity
from schemas.outputs._shared import SEVERITY_NUMBER, addresses, line
from schemas.product import NAME
from schemas.times import to_seconds

SOURCE = "gauger"
SOURCETYPE = "gauger:alert"

_CIM_SEVERITY: dict[Severity, str] = {"info": "informational"}


def write(event: AlertEvent) -> list[bytes]:
    """The event as one object for `/services/collector/event`."""
    indexed = {
        "user": event.accounts,
        "src": addresses(event),
        "mitre_technique_id": event.techniques,
    }
    return [
        line(
            {
                "time": to_seconds(event.time, "time"),
                "source": SOURCE,
                "sourcetype": SOURCETYPE,
                "event": {
                    "app": "gauger",
                    "type": "alert",
                    "id": event.event_id,
                    "signature": event.title,
                    "signature_id": event.detector,
                    "description": event.response.reason,
                    "severity": _CIM_SEVERITY.get(event.severity, event.severity),
                    "severity_id": SEVERITY_NUMBER[event.severity],
                    "vendor_product": NAME,
                    "gauger": event,
                },
                "fields": {name: found for name, found in indexed.items() if found},
            }
        )
    ]


FORMATS = {"hec": write}
