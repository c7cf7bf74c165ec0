"""Canaries: a string of its own in every field of every format, looked for in all that comes of it.

Clear are, as the contract says, accounts, request ids, networks and clients; nothing else.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import orjson
import pytest

from models.requests.batch_columns import to_columns
from models.requests.ingestion import BatchBuilder
from models.wire.codec import to_frames
from models.wire.protocol import Rows
from models.wire.state import encode_state
from schemas.codec import (
    decode_facts,
    decode_feedback,
    decode_request,
    encode,
)
from schemas.errors import InvalidRecord
from schemas.formats import format_names, input_format
from schemas.request import REQUEST_FIELDS, RequestEvent
from stream.edge import Sketcher
from tests.fuzz.seeds import FACT, NATIVE, VERDICT
from tests.schemas.formats.samples import SAMPLES
from tests.strategies import KEY

CANARIES = re.compile(rb"canary-\d+-\w+")
CLEAR = ("id", "account", "ip", "user_agent", "tls_fingerprint")
TEXTS = ("prompt", "system")
WORDS = "the tide comes in over the flats and the boats turn round"


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where the strings of a record stand: a container and a key."""
    for key in range(len(value)) if isinstance(value, list) else list(value):
        if isinstance(value[key], str):
            yield value, key
        elif isinstance(value[key], dict | list):
            yield from places(value[key])


def marked(record: Any, name: str) -> Iterator[bytes]:
    """The record as often as it has strings, each time with a canary in another one."""
    for number in range(len(list(places(record)))):
        copy = deepcopy(record)
        container, key = list(places(copy))[number]
        container[key] = f"{container[key]} {WORDS} canary-{number}-{name}"
        yield orjson.dumps([copy] if isinstance(record, list) else copy)


def opened(value: Any) -> Any:
    """The record with JSON that stands in strings as JSON: bodies of requests, mostly."""
    if isinstance(value, dict):
        return {key: opened(one) for key, one in value.items()}
    if isinstance(value, list):
        return [opened(one) for one in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        with suppress(orjson.JSONDecodeError):
            return opened(orjson.loads(value))
    return value


def decoded(form: str) -> tuple[list[bytes], list[RequestEvent], list[InvalidRecord]]:
    """Marked lines of a format, with what comes of them."""
    samples = [sample for sample in SAMPLES if form in (sample.form, "auto")]
    records = [(sample.record, sample.form, sample.paths) for sample in samples]
    lines, events, errors = [], [], []
    for place, (record, own, paths) in enumerate(records or [(NATIVE, form, {})]):
        given = [*marked(record, f"of{place}"), *marked(opened(record), f"in{place}")]
        broken = [line[: len(line) * 2 // 3] for line in given]
        twisted = [line.replace(b'"time"', b'"tune"').replace(b'":"', b'":["', 1) for line in given]
        requests = input_format(form, {own: paths})([*given, *broken, *twisted])
        lines += given
        events += requests.events
        errors += [error for _, error in requests.rejects]
    return lines, events, errors


def found(*given: bytes) -> set[bytes]:
    return {canary for one in given for canary in CANARIES.findall(one)}


def in_fields(events: list[RequestEvent], names: tuple[str, ...]) -> set[bytes]:
    return found(*(str(getattr(event, name)).encode() for event in events for name in names))


@pytest.mark.parametrize("form", format_names())
def test_what_leaves_ingestion_holds_clear_only_what_the_contract_says(form: str) -> None:
    lines, events, _ = decoded(form)
    assert len(found(*lines)) > 5
    batch = BatchBuilder(KEY).build(events)
    given = [encode_state(to_columns(batch)), *to_frames(Rows("requests/0", 0, 1, batch))]
    clear = in_fields(events, CLEAR)
    assert in_fields(events, ("account",))
    assert in_fields(events, tuple(REQUEST_FIELDS)) > clear
    assert found(*given) <= clear


@pytest.mark.parametrize("form", format_names())
def test_a_refusal_repeats_nothing_of_the_record(form: str) -> None:
    _, _, errors = decoded(form)
    assert errors
    for error in errors:
        told = f"{error.reason} {error.field} {error!r} {trace_of(error)}"
        assert not found(told.encode())


def trace_of(error: BaseException) -> str:
    """What a crash would print."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("decode", "record"),
    [(decode_request, NATIVE), (decode_facts, FACT), (decode_feedback, VERDICT)],
)
@pytest.mark.parametrize("wrong", [["canary-1-x"], {"canary-1-x": "canary-2-x"}, "canary-3-x"])
def test_no_traceback_of_a_refusal_shows_what_was_refused(
    decode: Callable[[bytes], Any], record: dict[str, Any], wrong: Any
) -> None:
    told = []
    for name in record:
        try:
            decode(orjson.dumps({**record, name: wrong}))
        except InvalidRecord as error:
            told.append(f"{error!r} {trace_of(error)}")
    assert told
    assert not found("".join(told).encode())


@pytest.mark.parametrize("form", format_names())
def test_an_edge_lets_no_text_out(form: str) -> None:
    _, events, _ = decoded(form)
    # Access logs of Envoy have no bodies.
    assert in_fields(events, TEXTS) or form == "envoy"
    out = Sketcher(None).events(events)
    assert all(event.prompt is None and event.system is None for event in out)
    kept = tuple(sorted(REQUEST_FIELDS.difference(TEXTS)))
    assert found(*map(encode, out)) == in_fields(events, kept)
