from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.settings import Settings
from stream.sinks import Message, SinkUnavailable, open_sink
from stream.sinks.file import FileSink

ONE, TWO, THREE = (Message("", body) for body in (b"one", b"two", b"three"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


def test_lines_are_appended(path: Path) -> None:
    path.write_bytes(b"zero\n")
    sink = FileSink(str(path))
    sink.send([ONE, TWO])
    sink.send([THREE])
    sink.close()
    assert path.read_bytes() == b"zero\none\ntwo\nthree\n"


def test_a_file_that_was_moved_away_is_followed_by_a_new_one(path: Path, tmp_path: Path) -> None:
    sink = FileSink(str(path))
    sink.send([ONE])
    moved = path.rename(tmp_path / "alerts.1")
    sink.send([TWO])
    path.unlink()
    sink.send([THREE])
    sink.close()
    assert (moved.read_bytes(), path.read_bytes()) == (b"one\n", b"three\n")


def test_a_file_that_was_emptied_in_place_goes_on_at_its_start(path: Path) -> None:
    sink = FileSink(str(path))
    sink.send([ONE])
    os.truncate(path, 0)
    sink.send([TWO])
    sink.close()
    assert path.read_bytes() == b"two\n"


@given(
    whole=st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), max_size=5),
    torn=st.binary(max_size=200_000).map(lambda part: part.replace(b"\n", b"")),
)
def test_a_torn_last_line_is_cut_off_and_nothing_else(
    whole: list[bytes], torn: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("torn") / "alerts.jsonl"
    before = b"".join(line + b"\n" for line in whole)
    path.write_bytes(before + torn)
    sink = FileSink(str(path))
    sink.send([ONE])
    sink.close()
    assert path.read_bytes() == before + b"one\n"


def test_a_full_disk_leaves_no_part_of_a_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = FileSink(str(path))
    sink.send([ONE])
    write, calls = os.write, iter([True])

    def full_after_two_bytes(file: int, data: memoryview) -> int:
        if next(calls, False):
            return write(file, data[:2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_after_two_bytes)
        with pytest.raises(SinkUnavailable, match="No space left"):
            sink.send([TWO])
    assert path.read_bytes() == b"one\n"
    sink.send([TWO])
    sink.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_has_one_writer(path: Path) -> None:
    first, second = FileSink(str(path)), FileSink(str(path))
    first.send([ONE])
    with pytest.raises(SinkUnavailable, match="another process writes it"):
        second.send([TWO])
    first.close()
    second.send([TWO])
    second.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_folder_that_is_missing_may_appear(tmp_path: Path) -> None:
    sink = FileSink(str(tmp_path / "later" / "alerts"))
    with pytest.raises(SinkUnavailable, match="No such file"):
        sink.send([ONE])
    (tmp_path / "later").mkdir()
    sink.send([ONE])
    sink.close()
    assert (tmp_path / "later" / "alerts").read_bytes() == b"one\n"


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
def test_both_forms_of_an_address_name_the_same_file(form: str, path: Path) -> None:
    sink = open_sink(form.format(path), Settings())
    sink.send([ONE])
    sink.close()
    assert path.read_bytes() == b"one\n"
