"""The quick way of a format and the general one give the same events and refusals."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
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
from schemas.reading.events import RecordFormat, decode_records
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


def form_of(name: str) -> RecordFormat:
    form: RecordFormat = import_module(f"schemas.formats.{name}").FORMAT
    return form


EVENTS = simulated(50)
QUICK = sorted(name for name in WRITERS if form_of(name).usual)
RECORDS = [
    (name, PATHS.get(name, {}), orjson.loads(WRITERS[name](event)))
    for name in QUICK
    for event in EVENTS[::5]
] + [(one.form, one.paths, one.record) for one in SAMPLES if one.form in QUICK]


def told(decoded: DecodedRequests) -> tuple[Any, ...]:
    refusals = [(row, str(one), one.part) for row, one in decoded.rejects]
    # Byte by byte, as 1 and 1.0 are equal.
    return [encode(event) for event in decoded.events], decoded.rows, refusals


def both(name: str, paths: dict[str, Any], record: Any) -> tuple[Any, Any]:
    form, line = form_of(name), orjson.dumps(record)
    decode = partial(decode_records, [line], paths={name: paths})
    return told(decode(form)), told(decode(form._replace(usual=None)))


@pytest.mark.parametrize("name", QUICK)
def test_what_a_gateway_usually_writes_takes_the_quick_way(name: str) -> None:
    usual = form_of(name).usual
    assert usual is not None
    for event in EVENTS:
        assert usual(WRITERS[name](event)) is not None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(RECORDS), st.lists(jsons, max_size=2), st.integers(0, 2**32))
def test_both_ways_say_the_same(chosen: Any, values: list[Any], seed: int) -> None:
    name, paths, original = chosen
    record, random = deepcopy(original), Random(seed)
    for value in values:
        container, key = random.choice(all_places(record))
        container[key] = value
    quick, general = both(name, paths, record)
    assert quick == general
