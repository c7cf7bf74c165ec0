from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from schemas.codec import MAX_LINE
from stream.errors import RecordingError
from stream.recordings.blocks import BLOCK_LINES, Recording

Compress = Callable[[bytes], bytes]

PACKERS: dict[str, Compress] = {
    "jsonl": bytes,
    "jsonl.gz": gzip.compress,
    "jsonl.zst": zstandard.ZstdCompressor().compress,
}


def _read(path: Path) -> tuple[dict[int, bytes], list[int], str | None]:
    """Numbered lines, numbers of oversized lines, and why the file breaks off."""
    lines: dict[int, bytes] = {}
    oversized = []
    with Recording(str(path)) as recording:
        for block in recording.blocks():
            if block.oversized:
                oversized.append(block.first_line)
            else:
                assert len(block.lines) <= BLOCK_LINES
                lines.update(enumerate(block.lines, block.first_line))
        if recording.truncated is None:
            assert recording.position == recording.size
    return lines, oversized, recording.truncated


def _rows(count: int) -> list[bytes]:
    return [orjson.dumps({"id": str(row), "time": row}) for row in range(count)]


@pytest.fixture(params=PACKERS)
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_line_comes_once_with_its_number(tmp_path: Path, suffix: str) -> None:
    rows = _rows(3 * BLOCK_LINES + 5)
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(PACKERS[suffix](b"\n".join(rows) + b"\n"))
    assert _read(path) == (dict(enumerate(rows, 1)), [], None)


def test_content_decides_not_the_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "events.log"
    path.write_bytes(PACKERS[suffix](b'{"id":"a"}\n'))
    assert _read(path) == ({1: b'{"id":"a"}'}, [], None)


def test_blank_lines_are_left_out_but_numbered(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n\n{}\n  \t\n\r\n[]\n1\n\n")
    assert _read(path) == ({3: b"{}", 6: b"[]", 7: b"1"}, [], None)


def test_a_byte_order_mark_and_carriage_returns_do_not_hurt(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id":1}\r\n{"id":2}\r\n')
    lines, _, truncated = _read(path)
    assert [orjson.loads(line)["id"] for line in lines.values()] == [1, 2]
    assert truncated is None


def test_a_last_line_without_newline_is_used(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n[]")
    assert _read(path) == ({1: b"{}", 2: b"[]"}, [], None)


def test_a_last_line_that_breaks_off_is_given_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{}\n{"id":')
    lines, _, truncated = _read(path)
    assert lines == {1: b"{}", 2: b'{"id":'}
    assert truncated == "line 2 breaks off without a newline"


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_of_a_cut_compressed_file_all_that_is_readable_is_used(tmp_path: Path, suffix: str) -> None:
    rows = [b'{"id":"%064x"}' % pow(3, row, 2**256) for row in range(20_000)]
    packed = PACKERS[suffix](b"\n".join(rows) + b"\n")
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(packed[: len(packed) // 2])
    lines, _, truncated = _read(path)
    assert truncated == "compressed data breaks off"
    assert 5_000 < len(lines) < 15_000
    whole = list(lines.values())[:-1]
    assert whole == rows[: len(whole)]


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_damage_in_the_middle_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(PACKERS[suffix](b"{}\n" * 100) + b"not compressed at all")
    lines, _, truncated = _read(path)
    assert len(lines) == 100
    assert truncated is not None
    assert "damaged" in truncated


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_concatenated_members_and_padding_are_one_recording(tmp_path: Path, suffix: str) -> None:
    pack = PACKERS[suffix]
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(pack(b'{"a":1}\n{"a"') + pack(b"") + pack(b":2}\n") + b"\0" * 100)
    assert _read(path) == ({1: b'{"a":1}', 2: b'{"a":2}'}, [], None)


def test_a_skippable_frame_first_is_still_zstd(tmp_path: Path) -> None:
    path = tmp_path / "events"
    frame = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    path.write_bytes(frame + PACKERS["jsonl.zst"](b"{}\n"))
    assert _read(path) == ({1: b"{}"}, [], None)


def test_an_empty_file_is_fine(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"events.{suffix}"
    path.write_bytes(b"")
    assert _read(path) == ({}, [], None)
    path.write_bytes(PACKERS[suffix](b""))
    assert _read(path) == ({}, [], None)


@pytest.mark.parametrize("excess", [1, MAX_LINE // 2, 3 * MAX_LINE])
def test_a_line_beyond_the_limit_costs_only_itself(
    tmp_path: Path, suffix: str, excess: int
) -> None:
    path = tmp_path / f"events.{suffix}"
    long = b"x" * (MAX_LINE + excess)
    path.write_bytes(PACKERS[suffix](b"1\n" + long + b"\n3\n" + long + b"\n5\n"))
    assert _read(path) == ({1: b"1", 3: b"3", 5: b"5"}, [2, 4], None)


def test_a_line_at_the_limit_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = b'"' + b"x" * (MAX_LINE - 2) + b'"'
    path.write_bytes(b"1\n" + line + b"\n" + line)
    assert _read(path) == ({1: b"1", 2: line, 3: line}, [], None)


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")), max_size=60))
def test_numbers_are_those_of_a_plain_split(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("law") / "events.jsonl"
    path.write_bytes(b"".join(b'"%s"\n' % line if line else b"\n" for line in lines))
    expected = {row: b'"%s"' % line for row, line in enumerate(lines, 1) if line}
    assert _read(path)[0] == expected


def test_parquet_rows_are_json_lines_without_nulls(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    columns = {"id": ["a", "b"], "time": [1.5, 2.0], "tools": [["x"], None], "asn": [None, 64500]}
    parquet.write_table(pa.table(columns), path)
    lines, _, truncated = _read(path)
    assert [orjson.loads(line) for line in lines.values()] == [
        {"id": "a", "time": 1.5, "tools": ["x"]},
        {"id": "b", "time": 2.0, "asn": 64500},
    ]
    assert list(lines) == [1, 2]
    assert truncated is None


def test_parquet_times_become_rfc3339_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    parquet.write_table(pa.table({"time": pa.array([1_500_000], pa.timestamp("us"))}), path)
    lines, _, _ = _read(path)
    assert orjson.loads(lines[1]) == {"time": "1970-01-01T00:00:01.500000+00:00"}


def test_a_cut_parquet_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 40)
    with pytest.raises(RecordingError, match=r"events\.parquet: not readable as Parquet"):
        _read(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"\xfd7zXZ\0..", "xz"), (b"PK\x03\x04..", "zip"), (b"\xff\xfe{\0", "UTF-16")],
)
def test_other_formats_are_refused_by_name(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "events"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=told):
        Recording(str(path))


def test_a_missing_file_and_a_directory_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        Recording(str(tmp_path / "absent.jsonl"))
    with pytest.raises(RecordingError, match="is a directory"):
        Recording(str(tmp_path))


def test_standard_input_is_read_in_any_packing(
    monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(PACKERS[suffix](b"{}\n[]\n")))
    monkeypatch.setattr(sys, "stdin", stdin)
    with Recording("-") as recording:
        assert [block.lines for block in recording.blocks()] == [[b"{}", b"[]"]]
        assert recording.size is None
    assert not stdin.closed


def test_trailing_white_space_is_no_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n \t ")
    assert _read(path) == ({1: b"{}"}, [], None)
