"""What comes over a socket and is no HTTP, or not all of it; `tests/fuzz` has mutations of it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from random import Random

import pytest

from tests.fuzz.raw_http import MOST_BODY, chunked, receiver, request

LINE = b'{"id":"r","time":1789000000,"account":"a"}'
WHOLE = request("/ingest/native", LINE)


def test_of_requests_one_behind_the_other_each_has_its_answer() -> None:
    assert receiver().statuses(WHOLE * 40) == [200] * 41
    assert receiver().statuses(chunked("/ingest/native", [LINE]) + WHOLE) == [200, 200, 200]
    # What cannot be told apart ends the connection.
    assert receiver().statuses(WHOLE + b"GET\r\n\r\n" + WHOLE) in ([400], [200, 400])


def test_a_body_whose_length_is_said_twice_is_one_request_or_none() -> None:
    """Two readings of one connection are how requests are smuggled past a gateway."""
    both = chunked("/ingest/native", [LINE]).replace(b"Host: h", b"Host: h\r\nContent-Length: 3")
    twice = WHOLE.replace(b"Host: h", b"Host: h\r\nContent-Length: 3")
    for data in (both, twice):
        assert receiver().statuses(data) == [400]


def test_a_head_or_a_body_without_end_is_refused() -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    for data, status in (
        (b"GET /" + b"a" * (1 << 20), 400),
        (b"POST /facts HTTP/1.1\r\n" + many, 400),
        (chunked("/facts", [bytes(MOST_BODY)] * 3), 413),
    ):
        # One that is hung up on while it still talks may not hear why.
        assert receiver().statuses(data)[:1] in ([status], [])


def test_hundreds_that_break_off_leave_nothing_behind() -> None:
    random = Random(3)
    with ExitStack() as open_ones:
        for _ in range(200):
            connection = open_ones.enter_context(receiver().connect())
            connection.sendall(WHOLE[: random.randrange(len(WHOLE))])
    assert receiver().statuses(WHOLE) == [200, 200]
    held = receiver().held()
    for _ in range(100):
        if held:
            time.sleep(0.1)
            held = receiver().held()
    assert held == 0


def test_what_is_no_http_is_not_repeated_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    secret = "token-of-a-gateway"
    header = f"Authorization: Bearer {secret}\0"
    assert receiver().statuses(request("/facts", b"{}", header)) == [400]
    assert receiver().statuses(f"GET {secret}\1\r\n\r\n".encode()) == [400]
    assert secret not in caplog.text
