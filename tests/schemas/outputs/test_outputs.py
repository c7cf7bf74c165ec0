from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import AlertEvent
from schemas.codec import decode_alert
from schemas.outputs import DEFAULT_FORMAT, output_format, output_names
from schemas.outputs.cloudevents import binary_headers
from tests.models.alerts import alert, names
from tests.schemas.alert_events import alert_events

IN_PARTS = {"cef", "leef", "syslog"}
JSON_FORMATS = sorted(set(output_names()) - IN_PARTS)


def decoded(name: str, event: AlertEvent) -> dict[str, Any]:
    (message,) = output_format(name)(event)
    document: dict[str, Any] = json.loads(message)
    return document


def texts_in(value: object) -> set[str]:
    """All strings of a JSON document."""
    if isinstance(value, dict):
        return set().union(*map(texts_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts_in, value))
    return {value} if isinstance(value, str) else set()


def test_formats_are_found_by_their_files() -> None:
    assert DEFAULT_FORMAT in output_names()
    assert output_names() == sorted(output_names())
    assert {"ocsf", "ocsf-1.6", "ecs", "hec", "cef", "syslog", "stix"} <= set(output_names())


@pytest.mark.parametrize("name", ["", "unheard", "../native", "__init__", "_shared"])
def test_an_unknown_format_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        output_format(name)


@given(event=alert_events, name=st.sampled_from(output_names()))
def test_messages_are_lines_and_the_same_each_time(event: AlertEvent, name: str) -> None:
    messages = output_format(name)(event)
    assert not any(b"\n" in message for message in messages)
    assert messages == output_format(name)(event)
    assert messages or name == "stix"


@given(alert_events)
def test_the_native_format_can_be_read_back(event: AlertEvent) -> None:
    (message,) = output_format("native")(event)
    assert decode_alert(message) == event


@pytest.mark.parametrize("name", sorted(set(JSON_FORMATS) - {"stix"}))
@given(event=alert_events)
def test_no_account_tie_example_or_reason_is_left_out(name: str, event: AlertEvent) -> None:
    said = texts_in(decoded(name, event))
    assert {*event.accounts, event.alert_id, event.event_id, event.entity.id} <= said
    assert {tie.digest for tie in event.ties} <= said
    assert {example.id for example in event.examples} <= said
    assert {piece.text for piece in event.evidence} <= said
    assert any(event.response.reason in text for text in said)


@given(alert_events)
def test_cloud_events_carry_the_event_and_the_same_attributes_as_headers(event: AlertEvent) -> None:
    envelope = decoded("cloudevents", event)
    assert decode_alert(json.dumps(envelope.pop("data")).encode()) == event
    assert envelope["specversion"] == "1.0"
    assert all(name.isalnum() and name.islower() for name in envelope)
    headers = {name: value.decode() for name, value in binary_headers(event)}
    assert headers.pop("content-type") == envelope.pop("datacontenttype")
    assert headers == {f"ce_{name}": value for name, value in envelope.items()}


def test_splunk_gets_cim_fields_and_fields_of_several_values() -> None:
    event = alert("f1", names("a", 3), at=90.5)
    envelope = decoded("hec", event)
    assert envelope["time"] == 90.5
    assert envelope["fields"]["user"] == ["a0", "a1", "a2"]
    assert envelope["fields"]["mitre_technique_id"] == ["AML.T0024"]
    assert "src" not in envelope["fields"]
    assert envelope["event"]["severity"] == "high"
    assert envelope["event"]["severity_id"] == 4


ASIM_MANDATORY = {
    *("EventCount", "EventStartTime", "EventEndTime", "EventType", "EventUid", "EventProduct"),
    *("EventVendor", "EventSchema", "EventSchemaVersion"),
}


@given(alert_events)
def test_sentinel_gets_what_its_schema_demands(event: AlertEvent) -> None:
    record = decoded("asim", event)
    assert record.keys() >= ASIM_MANDATORY
    assert record["EventSchema"] == "AlertEvent"
    assert record["EventSeverity"] in {"Informational", "Low", "Medium", "High"}
    assert (record["AlertStatus"] == "Closed") == (event.activity == "close")


@pytest.mark.parametrize("name", output_names())
def test_alerts_of_before_references_are_written(name: str) -> None:
    event = msgspec.structs.replace(alert("f1", ["a"], at=0), references=[])
    assert output_format(name)(event) or name == "stix"
