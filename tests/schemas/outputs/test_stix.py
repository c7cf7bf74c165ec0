from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import stix2
from hypothesis import given, settings
from stix2validator import ValidationOptions, validate_instance

from schemas.alert import AlertEvent, TieRecord
from schemas.errors import InvalidRecord
from schemas.indicators import CommunityKey, read_bundle
from schemas.outputs import output_format
from schemas.outputs.stix import digests
from tests.models.alerts import alert
from tests.schemas.alert_events import alert_events

KEY = CommunityKey(b"a key that operators share", "0123abcd")
OTHER_KEY = CommunityKey(b"the key of some others", "4567cdef")
SHARED = {"address": "192.0.2.7", "network": "2001:db8::/48", "client": "sdk/1 'x' \\ t13d"}


def event_with(**values: str | None) -> AlertEvent:
    ties = [
        TieRecord(kind, f"{row:016x}", value, 3) for row, (kind, value) in enumerate(values.items())
    ]
    return msgspec.structs.replace(alert("f1", ["account-1"], at=86_400), ties=ties)


def bundle(event: AlertEvent, key: CommunityKey | None = None) -> dict[str, Any]:
    (message,) = (digests(key) if key else output_format("stix"))(event)
    document: dict[str, Any] = json.loads(message)
    return document


@pytest.mark.parametrize("key", [None, KEY])
def test_bundles_are_valid_for_two_other_readers(key: CommunityKey | None) -> None:
    document = bundle(event_with(**SHARED), key)
    assert len(document["objects"]) == len(SHARED)
    options = ValidationOptions(version="2.1", strict_types=True)
    result = validate_instance(document, options)
    assert result.is_valid, result.errors
    parsed = stix2.parse(document, version="2.1")
    assert [each.type for each in parsed.objects] == ["indicator"] * len(SHARED)


@settings(max_examples=50)
@given(alert_events)
def test_every_bundle_is_parsed_by_another_reader(event: AlertEvent) -> None:
    for message in output_format("stix")(event):
        stix2.parse(message.decode(), version="2.1")


@pytest.mark.parametrize("key", [None, KEY])
@settings(max_examples=30)
@given(event=alert_events)
def test_neither_accounts_nor_values_that_are_not_ours_to_share_leave(
    key: CommunityKey | None, event: AlertEvent
) -> None:
    known = [
        TieRecord("payment", "payment-digest", None, 3),
        TieRecord("model", "model-digest", "large-2", 3),
    ]
    shared = [TieRecord("address", "ef56", "192.0.2.7", 3)]
    event = msgspec.structs.replace(
        event, accounts=["account-of-somebody"], ties=[*known, *shared], title="t"
    )
    text = json.dumps(bundle(event, key))
    assert len(json.loads(text)["objects"]) == 1
    assert "account-of-somebody" not in text
    assert not any(tie.digest in text for tie in known)
    assert "large-2" not in text
    assert ("192.0.2.7" in text) == (key is None)


@given(event=alert_events)
def test_what_is_shared_in_clear_is_read_back(event: AlertEvent) -> None:
    open_event = event.activity != "close"
    for message in output_format("stix")(event):
        found = read_bundle(message)
        assert found.unread == 0
        for tie in event.ties:
            if tie.value and tie.kind in SHARED and open_event:
                assert any(each.matches(tie.kind, tie.value) for each in found.indicators)


@pytest.mark.parametrize(("kind", "value"), SHARED.items())
def test_a_digest_is_recognised_with_the_key_alone(kind: str, value: str) -> None:
    (indicator,) = read_bundle(digests(KEY)(event_with(**{kind: value}))[0]).indicators
    assert indicator.value is None
    assert indicator.matches(kind, value, KEY)
    assert not indicator.matches(kind, value + "0", KEY)
    assert not indicator.matches(kind, value, OTHER_KEY)
    assert not indicator.matches(kind, value)


def test_networks_match_what_lies_in_them() -> None:
    (indicator,) = read_bundle(output_format("stix")(event_with(network="192.0.2.0/24"))[0])[0]
    assert indicator.matches("address", "192.0.2.9")
    assert indicator.matches("network", "192.0.2.0/24")
    assert not indicator.matches("address", "198.51.100.9")
    assert not indicator.matches("address", "2001:db8::1")
    assert not indicator.matches("client", "192.0.2.9")


def test_events_of_one_moment_are_versions_in_their_order() -> None:
    first = event_with(address="192.0.2.7")
    second = msgspec.structs.replace(first, sequence=1, activity="update", title="more accounts")
    ids, times = zip(
        *((each["id"], each["modified"]) for e in (first, second) for each in bundle(e)["objects"]),
        strict=True,
    )
    assert len(set(ids)) == 1
    assert times[0] < times[1]


def test_a_key_shows_its_id_alone() -> None:
    assert repr(KEY) == "CommunityKey(id='0123abcd')"


def test_the_validator_notices_what_is_missing() -> None:
    document = bundle(event_with(address="192.0.2.7"))
    del document["objects"][0]["valid_from"]
    assert not validate_instance(document, ValidationOptions(version="2.1")).is_valid


def test_nothing_to_share_is_no_message() -> None:
    assert output_format("stix")(event_with(payment=None, network="nowhere")) == []


def test_a_dismissed_finding_revokes_what_it_shared() -> None:
    raised = event_with(**SHARED)
    dismissed = msgspec.structs.replace(
        raised, sequence=1, activity="close", severity="info", time="1970-01-03T00:00:00.000000Z"
    )
    shared, revoked = bundle(raised)["objects"], bundle(dismissed)["objects"]
    assert [each["id"] for each in shared] == [each["id"] for each in revoked]
    assert [each["created"] for each in shared] == [each["created"] for each in revoked]
    both = json.dumps({"objects": shared + revoked}).encode()
    assert read_bundle(both).indicators == []
    assert len(read_bundle(json.dumps({"objects": shared}).encode()).indicators) == len(SHARED)


@pytest.mark.parametrize(
    "pattern",
    [
        "[file:name = 'x']",
        "[ipv4-addr:value = '192.0.2.1'] AND [ipv4-addr:value = '192.0.2.2']",
        "[ipv4-addr:value = '999.1.1.1']",
        None,
    ],
)
def test_what_others_say_and_we_cannot_use_is_counted(pattern: str | None) -> None:
    found = {"type": "indicator", "id": "indicator--1", "pattern": pattern, "valid_from": "x"}
    read = read_bundle(json.dumps({"objects": [found, {"type": "malware"}, 7]}).encode())
    assert (read.indicators, read.unread) == ([], 3)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"objects": 1}', b"\xff"])
def test_what_is_no_bundle_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidRecord):
        read_bundle(document)
