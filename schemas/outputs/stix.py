"""STIX 2.1: what another operator can look for, as a bundle of indicators. Never accounts.

Only values that Gauger has in clear can be shared: addresses, networks and client programs. All
others it knows by hashes under its own key, which mean nothing elsewhere. Under a community's key
the values are shared as digests: whoever holds the key recognises a value that he has seen himself.

An indicator keeps its id over the life of a finding while the finding's first request stays the
same; its newest version has the newest `modified`. A finding that a person dismissed revokes it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from schemas.alert import AlertEvent, TieRecord, is_dismissed
from schemas.indicators import CommunityKey, may_be_shared, pattern_of
from schemas.outputs import OutputFormat
from schemas.outputs._shared import confidence, line
from schemas.taxonomy import tactics_of, technique
from schemas.times import MAX_SECONDS, to_microseconds, to_rfc3339

Fields = dict[str, Any]

VALID_DAYS = 30
"""How long after a finding's last request its indicators are worth looking for."""

_NAMESPACE = UUID("8d1f6c1e-6f0f-5f0b-9a54-0c4f7b3a9d52")
_DAY = 86_400_000_000


def write(event: AlertEvent) -> list[bytes]:
    """A bundle with the shared values in clear; nothing when the finding shows none."""
    return _bundle(event, None)


def digests(key: CommunityKey) -> OutputFormat:
    """The format that shares digests under a community's key instead."""
    return lambda event: _bundle(event, key)


def _bundle(event: AlertEvent, key: CommunityKey | None) -> list[bytes]:
    objects = [
        _indicator(event, tie, tie.value, key)
        for tie in event.ties
        if tie.value and may_be_shared(tie.kind, tie.value)
    ]
    if not objects:
        return []
    return [line({"type": "bundle", "id": _id("bundle", event.event_id), "objects": objects})]


def _indicator(event: AlertEvent, tie: TieRecord, value: str, key: CommunityKey | None) -> Fields:
    created = to_microseconds(event.first_seen, "first_seen")
    last = max(created, to_microseconds(event.last_seen, "last_seen"))
    # Events of one moment are versions too: each has a millisecond of its own.
    modified = to_microseconds(event.time, "time") + event.sequence * 1_000
    named = f"{tie.kind} {value}" if key is None else f"{tie.kind}, digest under key {key.id}"
    indicator: Fields = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": _id("indicator", event.alert_id, event.first_seen, tie.digest, key.id if key else ""),
        "created": _milliseconds(created),
        "modified": _milliseconds(max(created, modified)),
        "name": f"Model extraction: {named}",
        "description": f"{event.title}; {tie.accounts} of the accounts share this {tie.kind}",
        "indicator_types": ["anomalous-activity"],
        "pattern": pattern_of(tie.kind, value, key),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": _milliseconds(created),
        "valid_until": _milliseconds(last + VALID_DAYS * _DAY),
        "confidence": confidence(event),
        "labels": ["model-extraction"],
    }
    if phases := tactics_of(event.techniques):
        indicator["kill_chain_phases"] = [
            {"kill_chain_name": "mitre-atlas", "phase_name": tactic.name.lower().replace(" ", "-")}
            for tactic in phases
        ]
    if event.techniques:
        indicator["external_references"] = [
            {"source_name": "mitre-atlas", "external_id": identity, "url": technique(identity).url}
            for identity in event.techniques
        ]
    if is_dismissed(event):
        indicator["revoked"] = True
    return indicator


def _id(kind: str, *parts: str) -> str:
    name = "\0".join(parts)
    return f"{kind}--{uuid5(_NAMESPACE, name)}"


def _milliseconds(microseconds: int) -> str:
    """A time with three digits, as the standard asks; those that none can write are the last."""
    return f"{to_rfc3339(min(microseconds, MAX_SECONDS * 1_000_000))[:23]}Z"


FORMATS = {"stix": write}
