from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import MAX_SECONDS
from stream.broker.marks import END_HEADER, WATERMARK_HEADER, Mark, mark_headers, read_mark

LATEST = MAX_SECONDS * 1_000_000


@pytest.mark.parametrize("end", [False, True])
@given(time=st.integers(0, LATEST))
def test_a_mark_is_read_as_it_was_written(time: int, *, end: bool) -> None:
    assert read_mark(mark_headers(time, end=end)) == Mark(time, end)


@pytest.mark.parametrize(("time", "told"), [(-1, 0), (LATEST + 1, LATEST)])
def test_times_that_no_record_may_have_are_moved_to_the_nearest(time: int, told: int) -> None:
    assert read_mark(mark_headers(time)) == Mark(told)


def test_the_headers_are_what_other_programs_may_write() -> None:
    assert mark_headers(1_250_000) == [("gauger-watermark", b"1250000")]
    assert mark_headers(5, end=True) == [("gauger-watermark", b"5"), ("gauger-end", b"1")]


def test_headers_of_others_do_not_hurt() -> None:
    headers = [("traceparent", b"00-ab"), *mark_headers(7), ("none", None)]
    assert read_mark(headers) == Mark(7)


@pytest.mark.parametrize("headers", [None, (), [("traceparent", b"00-ab")], [(END_HEADER, b"1")]])
def test_a_record_without_the_header_is_no_mark(
    headers: list[tuple[str, bytes | None]] | None,
) -> None:
    assert read_mark(headers) is None


@pytest.mark.parametrize(
    "text",
    [None, b"", b"-1", b"+1", b" 1", b"1_0", b"1.5", b"x", b"%d" % (LATEST + 1), b"9" * 5000],
)
def test_a_mark_that_cannot_be_read_is_none(text: bytes | None) -> None:
    assert read_mark([(WATERMARK_HEADER, text)]) is None
