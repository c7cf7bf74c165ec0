"""Lines read without events in between give what they give with them, whatever is in the lines."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from models.requests.line_reader import LineBlock, LineReader
from models.requests.sketch import LONGEST_TEXT
from schemas.codec import MAX_LINE, decode_requests
from tests.schemas.strategies import requests, texts
from tests.strategies import KEY

USUAL: dict[str, Any] = {
    "id": "r1",
    "time": 1788739200.06,
    "account": "acct",
    "org": "org",
    "session": "s",
    "model": "lyra-3",
    "ip": "10.208.16.2",
    "asn": 64581,
    "user_agent": "lyra-python/1.41.2 (Linux x86_64)",
    "tls_fingerprint": "e42d",
    "payment": "pay",
    "plan": "team",
    "account_created": "2026-08-19T13:47:21Z",
    "input_tokens": 616,
    "max_tokens": 32000,
    "temperature": 0.8,
    "n": 2,
    "tools": ["search", "insert_row"],
    "stop_reason": "max_tokens",
    "status": 429,
    "refused": True,
    "signatures_issued": ["a", "b"],
    "signatures_presented": ["b", "c"],
    "system": "You are the assistant.\nAnswer briefly. " * 8,
    "prompt": 'Say "hello" to the wörld of 東京 and 🙂: one two three four five six seven. ' * 8,
}
LINE = orjson.dumps(USUAL)
_ODD: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 0, -1, -0.0, 1e300, 1.5, 2**31, 2**53 + 1, 0.1 + 0.2, 1e-7, "", "free", "\0",
    "\x7f", "é", "a\\b", "a\"b", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "x" * 513,
    "2026-12-31T23:59:59.999999Z", "2026-01-01T00:00:00.5+01:00", "1969-12-31T23:59:59Z",
    "2026-01-01T00:00:60Z", "2026-01-01t00:00:00z", [], ["a"], ["é", ""], ["a", 1], {},
    "10.0.0.256", "2001:db8::1", "192.0.2.0/24",
])  # fmt: skip
_changed = st.builds(
    lambda changes: {**USUAL, **changes},
    st.dictionaries(st.sampled_from([*USUAL, "status", "sketch", "unheard-of"]), _ODD | texts),
)
_events = requests.map(lambda event: orjson.loads(_plain(event))) | _changed


def _plain(event: Any) -> bytes:
    return orjson.dumps(
        {name: value for name in event.__struct_fields__ if (value := getattr(event, name)) != ""}
    )


def _written(event: dict[str, Any], style: int) -> bytes:
    styles = [
        lambda: orjson.dumps(event),
        lambda: json.dumps(event).encode(),
        lambda: json.dumps(event, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
    ]
    return styles[style]()


@st.composite
def _damaged(draw: st.DrawFn, line: bytes) -> bytes:
    """The line with a few bytes changed, put in or left out."""
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(line)))
        width = draw(st.integers(0, 4))
        new = draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b",", b"}", b"\\", b"\xc3", b"1"])
        )
        line = line[:place] + new + line[place + width :]
    return line


_whole = st.builds(_written, _events, st.integers(0, 2))
_lines = st.lists(_whole | _whole.flatmap(_damaged) | st.just(LINE), max_size=6)


def _same(one: EventBatch | None, other: EventBatch | None) -> None:
    if one is None or other is None:
        assert one is other
        return
    for field in fields(EventBatch):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
            assert np.array_equal(mine, theirs), field.name
        else:
            assert mine == theirs, field.name


def _check(lines: list[bytes]) -> None:
    builder, other = BatchBuilder(KEY), BatchBuilder(KEY)
    read = LineReader(builder).read(LineBlock.of(lines))
    decoded = decode_requests(lines)
    assert read.rows == decoded.rows
    assert [(row, str(error), error.field) for row, error in read.rejects] == [
        (row, str(error), error.field) for row, error in decoded.rejects
    ]
    assert read.unknown_fields == decoded.unknown_fields
    _same(read.batch, other.build(decoded.events) if decoded.events else None)
    assert builder.take_dropped_sketches() == other.take_dropped_sketches()


@settings(max_examples=400)
@given(_lines)
@example([])
@example([b"", LINE, b"{}", LINE])
@example([LINE[:-1], b"}"])
@example([b"\x0b" + LINE, b" \t\r\n" + LINE + b"\n", LINE + b"\x0c", LINE[:-1] + b"\0}"])
@example([LINE, LINE[:-1] + b',"id":"r2"}'])
def test_lines_give_the_same_batch_and_refusals_as_their_events(lines: list[bytes]) -> None:
    _check(lines)


@pytest.mark.parametrize("extra", [0, 1])
def test_longest_texts_and_lines_count_as_they_do_for_events(extra: int) -> None:
    long = orjson.dumps(
        {**USUAL, "prompt": "word " * 20_000, "system": "é" * (LONGEST_TEXT + extra)}
    )
    whole = LINE[:-1] + b',"session":""}'.rjust(MAX_LINE - len(LINE) + 1 + extra)
    _check([long, whole, LINE])


def test_every_value_of_a_usual_line_is_read_without_an_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed_on: list[bytes] = []

    def spy(lines: list[bytes]) -> Any:
        handed_on.extend(lines)
        return decode_requests(lines)

    monkeypatch.setattr("models.requests.line_reader.decode_requests", spy)
    LineReader(BatchBuilder(KEY)).read(LineBlock.of([LINE, b'{"id":1}', LINE]))
    assert handed_on == [b'{"id":1}']


def test_a_block_gives_back_its_lines() -> None:
    lines = [b"a", b"", b"bcd"]
    block = LineBlock.of(lines)
    assert list(block) == lines
    assert list(block[1:]) == lines[1:]
    assert list(block.of_rows([2, 0])) == [b"bcd", b"a"]
