from __future__ import annotations

from pathlib import Path

import pytest

from stream.keys import read_key


def test_without_a_file_the_public_key_is_used_and_says_so() -> None:
    assert read_key(None).public
    assert read_key(None) == read_key(None)


def test_the_newline_of_an_editor_changes_nothing(tmp_path: Path) -> None:
    bare, edited = tmp_path / "bare", tmp_path / "edited"
    bare.write_bytes(b"0123456789abcdef")
    edited.write_bytes(b"0123456789abcdef\r\n")
    assert read_key(bare) == read_key(edited)
    assert read_key(bare).secret != read_key(None).secret


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 70_000, b" " * 100])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hash.key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"hash\.key"):
        read_key(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        read_key(tmp_path)
