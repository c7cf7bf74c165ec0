from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.receive import splitting
from stream.receive.splitting import (
    Unsplittable,
    json_records,
    json_traces,
    protobuf_traces,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=6)
BLANKS = st.sampled_from([b"", b"\n", b" \r\n\n"])


@settings(max_examples=40)
@given(RECORDS, BLANKS, st.booleans())
def test_an_array_is_its_elements(records: list[object], blank: bytes, pretty: bool) -> None:  # noqa: FBT001 - drawn
    option = orjson.OPT_INDENT_2 if pretty else None
    body = blank + orjson.dumps(records, option=option) + blank
    assert [orjson.loads(record) for record in json_records(body)] == records


@settings(max_examples=40)
@given(RECORDS, BLANKS)
def test_lines_are_themselves(records: list[object], blank: bytes) -> None:
    lines = [orjson.dumps(record) for record in records]
    assert json_records(blank.join([b"", *(line + b"\n" for line in lines), b""])) == lines


@given(VALUES.filter(lambda value: not isinstance(value, list)))
def test_one_value_is_one_record_whatever_its_lines(value: object) -> None:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    assert json_records(b"\xef\xbb\xbf" + body) == [body]


@pytest.mark.parametrize("body", [b"[{},", b"[{]", b"[{}] [{}]", b"[1]", b"[[]]", b"[" * 100_000])
def test_what_begins_like_an_array_must_be_one(body: bytes) -> None:
    with pytest.raises(Unsplittable):
        json_records(body)


@pytest.mark.parametrize("record", [b"{},", b"{}\n", b"\n"])
def test_a_body_of_very_many_records_is_refused(
    record: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "MOST_RECORDS", 1_000)
    with pytest.raises(Unsplittable, match="records"):
        json_records(b"[" + record * 1_001 + b"{}]")
    with pytest.raises(Unsplittable):
        json_traces(b'{"resourceSpans":[%b{}]}' % (b"{}," * 1_001), 10**9)
    with pytest.raises(Unsplittable, match="records"):
        protobuf_traces(b"\x0a\0" * 1_001, 10**9)
    assert len(json_records(b"{}\n" * 999)) == 999


def test_a_broken_line_is_left_to_the_worker() -> None:
    assert json_records(b'{"a":1}\n{"b":\nnonsense') == [b'{"a":1}', b'{"b":', b"nonsense"]


@given(st.binary())
def test_no_body_makes_it_raise_anything_else(body: bytes) -> None:
    for split in (
        json_records,
        lambda one: json_traces(one, 64),
        lambda one: protobuf_traces(one, 64),
    ):
        try:
            records = split(body)
        except Unsplittable:
            continue
        assert all(isinstance(record, bytes) for record in records)


def spans(size: int) -> dict[str, object]:
    return {"resource": {}, "scopeSpans": [{"spans": [{"name": "x" * size}]}]}


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(200, 600))
def test_a_large_export_is_cut_between_its_resources(sizes: list[int], most: int) -> None:
    parts = [spans(size) for size in sizes]
    body = orjson.dumps({"resourceSpans": parts})
    records = json_traces(body, most)
    assert [one for record in records for one in orjson.loads(record)["resourceSpans"]] == parts
    assert all(
        len(record) <= most + 25 or len(orjson.loads(record)["resourceSpans"]) == 1
        for record in records
    )
    if sizes and len(body) <= most:
        assert records == [body]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"resourceSpans":1}', b'{"resourceSpans":[}', b'{"resourceSpans":[1]}'],
)
def test_an_export_in_json_must_be_one(body: bytes) -> None:
    with pytest.raises(Unsplittable):
        json_traces(body, 1_000)


def field(number: int, data: bytes) -> bytes:
    """A field of protobuf, shorter than 16 KiB."""
    size = len(data)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + data


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(200, 600))
def test_the_same_in_protobuf(parts: list[bytes], most: int) -> None:
    fields = [field(1, part) for part in parts]
    # Fields of another number, of three kinds, belong to a later release.
    others = b"\x18\x96\x01" + b"\x25abcd" + b"\x29abcdefgh"
    body = b"".join(fields) + others
    records = protobuf_traces(body, most)
    if not parts:
        assert records == []
    elif len(body) <= most:
        assert records == [body]
    else:
        assert b"".join(records) == b"".join(fields)
        assert all(protobuf_traces(record, 10**6) == [record] for record in records)
        assert all(len(record) <= most or record in fields for record in records)


@pytest.mark.parametrize(
    "body", [b"\x0a", b"\x0a\x05abc", b"\x0b", b"\x08\x01", b"\x80" * 12, b"\x1d\x00"]
)
def test_an_export_in_protobuf_must_be_one(body: bytes) -> None:
    with pytest.raises(Unsplittable):
        protobuf_traces(body, 1_000)
