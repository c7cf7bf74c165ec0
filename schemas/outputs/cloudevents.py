"""CloudEvents 1.0: structured mode as a format, and the headers of binary mode for Kafka."""

from __future__ import annotations

from schemas.alert import AlertEvent
from schemas.outputs._shared import line

SOURCE = "gauger"
_MEDIA_TYPE = "application/json"


def write(event: AlertEvent) -> list[bytes]:
    """The event within an envelope, for `application/cloudevents+json`."""
    return [line({**_attributes(event), "datacontenttype": _MEDIA_TYPE, "data": event})]


def binary_headers(event: AlertEvent) -> list[tuple[str, bytes]]:
    """Headers of a Kafka record whose value is the native event."""
    attributes = _attributes(event).items()
    return [
        *((f"ce_{name}", value.encode()) for name, value in attributes),
        ("content-type", _MEDIA_TYPE.encode()),
    ]


def _attributes(event: AlertEvent) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": SOURCE,
        "type": f"gauger.alert.{event.activity}",
        "subject": event.alert_id,
        "time": event.time,
        # Events of one finding stay in order where a broker goes by this attribute.
        "partitionkey": event.alert_id,
    }


FORMATS = {"cloudevents": write}
