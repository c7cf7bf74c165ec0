"""Today's records against the schemas of releases: a subscriber of old must not notice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import encode
from schemas.json_schema import json_schema
from schemas.product import VERSION
from tests.schemas.test_json_schema import RECORDS, WRITTEN

RELEASED = sorted((WRITTEN / "released").glob("*/*.json"))
Schema = dict[str, Any]


def definitions(schema: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = schema["$defs"]
    return found


def broken_promises(old: Schema, new: Schema) -> Iterator[str]:
    """What a newer schema takes away: a field, its type or range, or the leave to omit it."""
    for name, before in definitions(old).items():
        after = definitions(new).get(name)
        if after is None:
            yield f"{name} is gone"
            continue
        for field, shape in before.get("properties", {}).items():
            now = after["properties"].get(field)
            if now != shape:
                yield f"{name}.{field} was {shape} and is {now}"
        yield from (
            f"{name}.{field} is required now"
            for field in set(after.get("required", [])) - set(before.get("required", []))
        )


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_promise_of_a_release_is_broken(path: Any) -> None:
    old = orjson.loads(path.read_bytes())
    assert list(broken_promises(old, json_schema(path.stem))) == []


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
@settings(max_examples=20)
@given(data=st.data())
def test_todays_records_satisfy_the_schemas_of_releases(path: Any, data: st.DataObject) -> None:
    record = orjson.loads(encode(data.draw(RECORDS[path.stem])))
    jsonschema.Draft202012Validator(orjson.loads(path.read_bytes())).validate(record)


def test_the_version_in_the_making_has_its_schemas() -> None:
    assert {path.stem for path in RELEASED if path.parent.name == VERSION} == set(RECORDS)


def test_a_broken_promise_is_noticed() -> None:
    old = json_schema("alert")
    without, narrowed, demanded = (orjson.loads(orjson.dumps(old)) for _ in range(3))
    del definitions(without)["AlertEvent"]["properties"]["title"]
    definitions(narrowed)["AlertEvent"]["properties"]["score"]["maximum"] = 0.5
    definitions(demanded)["AlertEvent"]["required"].append("references")
    for new in (without, narrowed, demanded):
        assert len(list(broken_promises(old, new))) == 1
    added = orjson.loads(orjson.dumps(old))
    definitions(added)["AlertEvent"]["properties"]["new"] = {"type": "string"}
    assert list(broken_promises(old, added)) == []
