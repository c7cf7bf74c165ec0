from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from schemas.alert import AlertEvent
from schemas.outputs import output_format
from tests.models.alerts import alert
from tests.schemas.alert_events import alert_event, alert_events, with_many_accounts

VERSIONS = {"ocsf": "1.8.0", "ocsf-1.6": "1.6.0"}


@cache
def validator(version: str) -> jsonschema.Draft202012Validator:
    compiled = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))
    schema = compiled.get_class_schema("detection_finding", profiles=[])
    return jsonschema.Draft202012Validator(schema)


def finding(event: AlertEvent, name: str = "ocsf") -> dict[str, Any]:
    (message,) = output_format(name)(event)
    document: dict[str, Any] = json.loads(message)
    return document


@pytest.mark.parametrize("name", VERSIONS)
def test_a_thousand_alerts_are_detection_findings(name: str) -> None:
    random = Random(11)
    for _ in range(1_000):
        document = finding(alert_event(random), name)
        assert document["metadata"]["version"] == VERSIONS[name]
        validator(VERSIONS[name]).validate(document)


@pytest.mark.parametrize("name", VERSIONS)
def test_the_longest_member_list_is_valid(name: str) -> None:
    event = with_many_accounts(alert("f1", ["a"], at=0))
    document = finding(event, name)
    validator(VERSIONS[name]).validate(document)
    named = [each["actor"]["user"]["uid"] for each in document["evidences"] if "actor" in each]
    assert named == event.accounts


@pytest.mark.parametrize("version", VERSIONS.values())
def test_the_schema_refuses_what_is_wrong(version: str) -> None:
    document = finding(alert("f1", ["a"], at=0))
    assert validator(version).is_valid(document)
    assert not validator(version).is_valid({**document, "severity_id": 42})
    assert not validator(version).is_valid({**document, "unheard": 1})
    del document["finding_info"]
    assert not validator(version).is_valid(document)


@given(alert_events)
def test_every_anomaly_stands_beside_its_baseline(event: AlertEvent) -> None:
    analyses = finding(event).get("anomaly_analyses", [])
    assert len(analyses) == len(event.evidence)
    for piece, analysis in zip(event.evidence, analyses, strict=True):
        (anomaly,), (baseline,) = analysis["anomalies"], analysis["baselines"]
        assert float(anomaly["observations"][0]["value"]) == piece.value
        assert float(baseline["observations"][0]["value"]) == piece.baseline
        assert anomaly["observation_parameter"] == baseline["observation_parameter"] == piece.signal
        assert analysis["analysis_targets"] == [
            {"name": event.entity.id, "type": event.entity.kind}
        ]


@given(alert_events)
def test_techniques_are_named_with_their_tactic(event: AlertEvent) -> None:
    attacks = finding(event)["finding_info"].get("attacks", [])
    found = [(each.get("sub_technique") or each["technique"])["uid"] for each in attacks]
    assert found == event.techniques
    for each in attacks:
        if "sub_technique" in each:
            assert each["sub_technique"]["uid"].startswith(each["technique"]["uid"] + ".")
