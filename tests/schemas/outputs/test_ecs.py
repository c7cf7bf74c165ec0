from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from schemas.alert import AlertEvent, TieRecord
from schemas.outputs import output_format
from schemas.taxonomy import technique
from tests.models.alerts import alert
from tests.schemas.alert_events import alert_events

KEYWORD = {"type": "string"}
KEYWORDS = {"type": "array", "items": KEYWORD}
LONG = {"type": "integer"}
DATE = {"type": "string", "format": "date-time"}


def fields(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """An object of these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


NAMED = fields("id name reference", id=KEYWORDS, name=KEYWORDS, reference=KEYWORDS)
SUBSET = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **fields(
        "@timestamp ecs event message",
        **{"@timestamp": DATE},
        ecs=fields("version", version=KEYWORD),
        message={"type": "string"},
        tags=KEYWORDS,
        event=fields(
            "kind category type id module dataset",
            kind={"const": "alert"},
            category={"const": ["threat"]},
            type={"const": ["indicator"]},
            action=KEYWORD,
            id=KEYWORD,
            sequence=LONG,
            module=KEYWORD,
            dataset=KEYWORD,
            severity=LONG,
            risk_score={"type": "number"},
            reason=KEYWORD,
            start=DATE,
            end=DATE,
        ),
        observer=fields(
            "vendor product", vendor=KEYWORD, product=KEYWORD, version=KEYWORD, type=KEYWORD
        ),
        rule=fields("id", id=KEYWORD, name=KEYWORD, ruleset=KEYWORD),
        threat=fields(
            "framework tactic technique",
            framework=KEYWORD,
            tactic=NAMED,
            technique=fields("id", **NAMED["properties"], subtechnique=NAMED),
        ),
        related=fields(
            "user ip",
            user=KEYWORDS,
            ip={
                "type": "array",
                "items": {
                    "anyOf": [
                        {"type": "string", "format": "ipv4"},
                        {"type": "string", "format": "ipv6"},
                    ]
                },
            },
        ),
        source=fields("ip", ip=KEYWORD),
        user_agent=fields("original", original=KEYWORD),
        gauger={"type": "object"},
    ),
}
"""The part of ECS that is written, with the types that ECS gives its fields."""

VALIDATOR = jsonschema.Draft202012Validator(
    SUBSET, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def document(event: AlertEvent) -> dict[str, Any]:
    (message,) = output_format("ecs")(event)
    found: dict[str, Any] = json.loads(message)
    return found


@given(alert_events)
def test_documents_hold_fields_of_ecs_alone(event: AlertEvent) -> None:
    VALIDATOR.validate(document(event))


def test_the_schema_refuses_what_is_wrong() -> None:
    good = document(alert("f1", ["a"], at=0))
    assert VALIDATOR.is_valid(good)
    assert not VALIDATOR.is_valid({**good, "unheard": 1})
    assert not VALIDATOR.is_valid({**good, "related": {"user": [], "ip": ["10.0.0.0/8"]}})


@given(alert_events)
def test_a_technique_stands_above_its_sub_techniques(event: AlertEvent) -> None:
    said = document(event)["threat"]["technique"]
    below = said.get("subtechnique", {"id": []})["id"]
    assert [identity for identity in event.techniques if technique(identity).parent] == below
    assert {technique(identity).parent or identity for identity in event.techniques} == {
        *said["id"]
    }


@pytest.mark.parametrize(
    ("values", "source"),
    [(["192.0.2.7"], {"ip": "192.0.2.7"}), (["192.0.2.7", "192.0.2.9"], None), ([], None)],
)
def test_a_source_is_named_when_there_is_one(values: list[str], source: object) -> None:
    event = alert("f1", ["a"], at=0)
    event.ties.extend(TieRecord("address", "ab", value, 3) for value in values)
    found = document(event)
    assert found.get("source") == source
    assert found["related"]["ip"] == values
