from __future__ import annotations

import pytest

from schemas.formats import DEFAULT_FORMAT, format_names, input_format

LINES = [b'{"id":"r1","account":"a1","time":1}', b"{"]


def test_formats_are_found_by_their_files() -> None:
    assert DEFAULT_FORMAT in format_names()
    assert format_names() == sorted(format_names())


@pytest.mark.parametrize("name", format_names())
def test_every_format_refuses_rubbish_without_raising(name: str) -> None:
    decoded = input_format(name)([b"", b"\xff", b"{", b"[1]"])
    assert [row for row, _ in decoded.rejects] == [0, 1, 2, 3]


def test_the_native_format_reads_native_events() -> None:
    decoded = input_format("native")(LINES)
    assert [event.id for event in decoded.events] == ["r1"]
    assert [row for row, _ in decoded.rejects] == [1]


@pytest.mark.parametrize("name", ["", "unheard", "../native", "__init__"])
def test_an_unknown_format_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        input_format(name)
