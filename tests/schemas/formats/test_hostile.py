"""Whatever is in a record, a format gives events and refusals, and raises nothing."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import DecodedRequests, encode
from schemas.formats import format_names, input_format
from schemas.reading.events import MOST_ITEMS
from tests.schemas.formats.samples import SAMPLES

names = st.sampled_from(format_names())
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["-", "1795000000280000000", "[", '{"a":', "redacted-by-litellm", "1e400"])
)
jsons = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abct._", max_size=4), inner)
    ),
    max_leaves=12,
)
DEEP = b'{"a":' * 900 + b"1" + b"}" * 900
ODD = [
    *(
        b"",
        b" ",
        b"\n",
        b"\n\n",
        b"\xff\xfe",
        b"{",
        b"[",
        b"[]",
        b"{}",
        b"null",
        b"[[]]",
        b"[null]",
    ),
    *(b'{"id":NaN}', b'{"id":"\\ud800"}', b'{"a":1e999}', b'{"a":' + b"9" * 5_000 + b"}"),
    *(DEEP, b"[" * 5_000, b"[" + DEEP + b"]", b"\n\x05\x0a\x03abc", b"\n" + b"\xff" * 20),
    *(b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + DEEP + b",1]}]}]}", b'{"resourceSpans":{}}'),
    *(b'{"records":[1,{},' + DEEP + b"]}", b'{"batch_id":[],"lines":[1,{}]}', b'{"lines":[]}'),
    *(b'{"started_at":1,"request":[],"response":"","ai":{"a":1}}', b'{"start_time":[]}'),
]


def decode(name: str, lines: list[bytes]) -> DecodedRequests:
    """Decode, and hold the result against the rules that hold for every block."""
    decoded = input_format(name)(lines)
    refused = [row for row, _ in decoded.rejects]
    assert decoded.rows == sorted(decoded.rows)
    assert refused == sorted(refused)
    assert {*decoded.rows, *refused} <= set(range(len(lines)))
    assert len(decoded.rows) == len(decoded.events) == len(decoded.records(lines))
    for event in decoded.events:
        encode(event)
    return decoded


@pytest.mark.parametrize("name", format_names())
def test_odd_records_cost_themselves_alone(name: str) -> None:
    for line in ODD:
        assert decode(name, [line]).events == []
    assert len(decode(name, ODD).rejects) >= len(ODD) // 2


@given(names, st.lists(st.binary(max_size=40), max_size=4))
def test_any_bytes_are_taken(name: str, lines: list[bytes]) -> None:
    decode(name, lines)


@given(names, jsons)
def test_any_json_is_taken(name: str, record: Any) -> None:
    decode(name, [orjson.dumps(record)])


def all_places(value: Any) -> list[tuple[Any, Any]]:
    """All containers with the keys in them."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    places = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            places += all_places(value[key])
    return places


@settings(max_examples=300)
@given(st.sampled_from(SAMPLES), st.lists(jsons, min_size=1, max_size=3), st.integers(0, 2**32))
def test_samples_with_anything_anywhere_are_taken(
    sample: Any, values: list[Any], seed: int
) -> None:
    record, random = deepcopy(sample.record), Random(seed)
    for value in values:
        container, key = random.choice(all_places(record))
        container[key] = value
    for name in (sample.form, "auto"):
        decode(name, [orjson.dumps(record)])


@settings(max_examples=60)
@given(st.sampled_from(SAMPLES), st.data())
def test_one_broken_item_costs_none_of_the_others(sample: Any, data: st.DataObject) -> None:
    if sample.form not in {"litellm", "kong", "envoy", "bedrock"} or "batch" in sample.name:
        return
    items = sample.record if isinstance(sample.record, list) else [sample.record]
    place = data.draw(st.integers(0, len(items)))
    paths = {sample.form: sample.paths}
    mixed = orjson.dumps([*items[:place], data.draw(scalars), *items[place:]])
    whole = input_format(sample.form, paths)([orjson.dumps(items)])
    decoded = input_format(sample.form, paths)([mixed])
    assert decoded.events == whole.events
    assert len(decoded.rejects) == len(whole.rejects) + 1


def test_a_record_of_too_many_items_is_cut() -> None:
    line = b"[" + b",".join([b"1"] * (MOST_ITEMS + 5)) + b"]"
    refusals = [refusal.reason for _, refusal in decode("litellm", [line]).rejects]
    assert len(refusals) == MOST_ITEMS + 1
    assert str(MOST_ITEMS) in refusals[-1]
