"""The quick way of a format and the general one give the same events and refusals."""

from __future__ import annotations

from copy import deepcopy
from importlib import import_module
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gateways import azure, bedrock, envoy, kong, litellm, otel
from bench.recordings import simulated
from schemas.codec import DecodedRequests, encode
from schemas.formats import auto
from schemas.reading.events import RecordFormat, decode_records
from schemas.reading.paths import FieldPaths
from schemas.reading.usual import UsualLine
from schemas.request import REQUEST_FIELDS
from tests.schemas.formats.samples import SAMPLES
from tests.schemas.formats.test_hostile import all_places, jsons

WRITERS = {
    "azure": azure,
    "bedrock": bedrock,
    "envoy": envoy,
    "kong": kong,
    "litellm": litellm,
    "otel": otel,
}
PATHS = {"envoy": {"account": ["x-account-id"]}}
MARKS = [
    *("id", "time", "account", "resourceSpans", "startTime", "call_type", "batch_id", "lines"),
    *("schemaType", "started_at", "request", "response", "start_time", "records"),
]


class NoQuickWay:
    def reader(self, paths: FieldPaths | None) -> UsualLine:
        return lambda line: None


def form_of(name: str) -> RecordFormat:
    form: RecordFormat = import_module(f"schemas.formats.{name}").FORMAT
    return form


def quick(name: str, paths: FieldPaths, line: bytes) -> Any:
    return form_of(name).usual.reader(paths)(line)


EVENTS = simulated(50)
RECORDS = [
    (name, PATHS.get(name, {}), orjson.loads(write(event)))
    for name, write in WRITERS.items()
    for event in EVENTS[::5]
] + [(one.form, one.paths, one.record) for one in SAMPLES]


def told(decoded: DecodedRequests) -> tuple[Any, ...]:
    refusals = [(row, str(one), one.part) for row, one in decoded.rejects]
    # Byte by byte, as 1 and 1.0 are equal.
    return [encode(event) for event in decoded.events], decoded.rows, refusals


def both(name: str, paths: FieldPaths, records: list[Any]) -> tuple[Any, Any]:
    form, lines = form_of(name), [orjson.dumps(record) for record in records]
    general = form._replace(usual=NoQuickWay())
    ways = [decode_records(lines, way, {name: paths}) for way in (form, general)]
    return told(ways[0]), told(ways[1])


def path_to(record: Any, random: Random) -> str:
    """A path to anything in a record."""
    place: Any = record
    parts: list[str] = []
    while isinstance(place, dict | list) and place and len(parts) < 6:
        key = random.choice(range(len(place)) if isinstance(place, list) else list(place))
        parts, place = [*parts, str(key)], place[key]
        if random.random() < 0.2:
            break
    return ".".join(parts) or "a"


def mutated(record: Any, values: list[Any], random: Random) -> Any:
    record = deepcopy(record)
    for value in values:
        container, key = random.choice(all_places(record))
        container[key] = value
    return record


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("field", [None, "org", "plan"])
def test_what_a_gateway_usually_writes_takes_the_quick_way(name: str, field: str | None) -> None:
    paths = {**PATHS.get(name, {}), **({field: ["metadata.org"]} if field else {})}
    for event in EVENTS:
        assert len(quick(name, paths, WRITERS[name](event))) == 1


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RECORDS), st.lists(jsons, max_size=2), st.integers(0, 2**32))
def test_both_ways_say_the_same(chosen: Any, values: list[Any], seed: int) -> None:
    name, paths, original = chosen
    changed = mutated(original, values, Random(seed))
    ours, general = both(name, paths, [original, changed, original, [changed, original]])
    assert ours == general


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(RECORDS),
    st.lists(jsons, max_size=1),
    st.lists(st.sampled_from(sorted(REQUEST_FIELDS)), min_size=1, max_size=3, unique=True),
    st.integers(0, 2**32),
)
def test_both_ways_say_the_same_with_paths(
    chosen: Any, values: list[Any], fields: list[str], seed: int
) -> None:
    name, paths, original = chosen
    random = Random(seed)
    record = mutated(original, values, random)
    told_paths = {
        field: [path_to(record, random) for _ in range(random.randint(1, 2))] for field in fields
    }
    ours, general = both(name, {**paths, **told_paths}, [record, original])
    assert ours == general


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(RECORDS),
    st.dictionaries(
        st.sampled_from(MARKS), jsons | st.sampled_from(["a", 1_795_000_000]), max_size=3
    ),
)
def test_what_is_usual_for_a_format_is_recognised_as_no_other(chosen: Any, marks: Any) -> None:
    name, paths, record = chosen
    if isinstance(record, dict):
        line = orjson.dumps({**record, **marks})
        if quick(name, paths, line):
            kind = auto._kind(orjson.loads(line), {})
            assert kind.form is form_of(name)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=8), st.integers(0, 2**32))
def test_a_mixed_block_is_read_line_by_line(chosen: list[Any], seed: int) -> None:
    lines = [orjson.dumps(record) for _, _, record in chosen]
    whole = auto.decode(lines, PATHS)
    alone = [auto.decode([line], PATHS) for line in lines]
    assert [encode(one) for one in whole.events] == [
        encode(one) for part in alone for one in part.events
    ]
    assert [str(one) for _, one in whole.rejects] == [
        str(one) for part in alone for _, one in part.rejects
    ]
    for record, event in zip(whole.records(lines), whole.events, strict=True):
        assert encode(event) in [encode(one) for one in auto.decode([record], PATHS).events]
