from __future__ import annotations

from pathlib import Path

import jsonschema
import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import encode
from schemas.json_schema import PUBLIC_RECORDS, json_schema
from tests.schemas import strategies

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "schemas"
RECORDS: dict[str, st.SearchStrategy[msgspec.Struct]] = {
    "alert": strategies.alerts,
    "facts": strategies.facts,
    "feedback": strategies.feedback,
    "request": strategies.requests,
    "response": strategies.responses,
    "score": strategies.scores,
    "truth": strategies.truths,
}


def test_every_public_record_has_its_schema_file() -> None:
    assert {path.stem for path in WRITTEN.glob("*.json")} == set(PUBLIC_RECORDS) == set(RECORDS)


@pytest.mark.parametrize("name", PUBLIC_RECORDS)
def test_the_schema_file_is_in_step_with_the_type(name: str) -> None:
    assert orjson.loads((WRITTEN / f"{name}.json").read_bytes()) == json_schema(name)


@pytest.mark.parametrize("name", PUBLIC_RECORDS)
def test_the_schema_is_valid(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(name))


@pytest.mark.parametrize("name", PUBLIC_RECORDS)
@given(data=st.data())
def test_the_schema_accepts_what_is_written(name: str, data: st.DataObject) -> None:
    record = orjson.loads(encode(data.draw(RECORDS[name])))
    jsonschema.Draft202012Validator(json_schema(name)).validate(record)


def test_the_request_schema_refuses_what_the_codec_refuses() -> None:
    validator = jsonschema.Draft202012Validator(json_schema("request"))
    assert not validator.is_valid({"id": "r1", "account": "a1"})
    assert not validator.is_valid({"id": "r1", "account": "a1", "time": 1, "input_tokens": -1})
    assert validator.is_valid({"id": "r1", "account": "a1", "time": 1, "unheard": [1]})
