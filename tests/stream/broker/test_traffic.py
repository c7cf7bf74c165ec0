from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MAX_LINE
from schemas.formats import input_format
from stream.broker.traffic import KeyedRecording, Row, merged, route
from stream.clock import now
from stream.recordings.blocks import Recording

SECOND = 1_000_000
HOUR = 3_600.0
START = 1_700_000_000.0


def line(time: object, account: object = "a", **more: object) -> bytes:
    return orjson.dumps({"id": "r", "time": time, "account": account, **more})


def rows_of(folder: Path, *recordings: list[bytes]) -> list[Row]:
    return read(folder, *recordings)[0]


def read(folder: Path, *recordings: list[bytes]) -> tuple[list[Row], list[KeyedRecording]]:
    with ExitStack() as stack:
        keyed = []
        for number, lines in enumerate(recordings):
            path = folder / f"events{number}.jsonl"
            path.write_bytes(b"".join(one + b"\n" for one in lines))
            keyed.append(KeyedRecording(stack.enter_context(Recording(str(path)))))
        return list(merged(keyed)), keyed


def reached(rows: list[Row]) -> list[float]:
    return [row[0] / SECOND for row in rows]


def test_a_line_is_published_as_it_is_under_its_account_and_time(tmp_path: Path) -> None:
    lines = [line(START + 0.25, "äöü", prompt="hi"), b' {"time":1700000001,"account":"b"} ']
    rows = rows_of(tmp_path, lines)
    assert [row[4] for row in rows] == lines
    assert [row[2] for row in rows] == ["äöü".encode(), b"b"]
    assert [row[1] for row in rows] == [1_700_000_000_250, 1_700_000_001_000]


@pytest.mark.parametrize(
    ("account", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_accounts_go_where_the_java_client_sends_them(account: str, hashed: int) -> None:
    assert route(account) == (account.encode(), hashed & 0x7FFFFFFF)


def test_a_line_of_several_requests_has_the_account_and_time_of_the_latest(tmp_path: Path) -> None:
    calls = [
        {"id": "r", "startTime": START + at, "call_type": "completion", "end_user": account}
        for at, account in ((1, "a"), (3, "b"), (2, "c"))
    ]
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, (calls, {}, calls[:1]))) + b"\n")
    with Recording(str(path)) as recording:
        keyed = KeyedRecording(recording, input_format("litellm"))
        rows = list(keyed.rows())
    assert [row[2] for row in rows] == [b"b", None, b"a"]
    assert reached(rows) == [START + 3] * 3
    assert keyed.bad == 1


def test_both_forms_of_time_are_read(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [line("2023-11-14T23:13:20+01:00"), line(START + 1)])
    assert reached(rows) == [START, START + 1]


def test_a_line_that_is_no_request_stays_in_its_place_without_a_key(tmp_path: Path) -> None:
    broken = [
        b"?",
        b"[]",
        b'{"time":1}',
        b'{"account":"a"}',
        line("yesterday"),
        line(-1),
        line(1, ""),
        line(1, 7),
        b"\xff",
        b"[" * 5000,
        orjson.dumps({"time": 1, "account": "a"})[:-1],
    ]
    lines = [line(START), *broken, line(START + 1)]
    rows, (keyed,) = read(tmp_path, lines)
    assert [row[4] for row in rows] == lines
    assert [row[2] for row in rows] == [b"a", *[None] * len(broken), b"a"]
    assert {row[1] for row in rows[1:-1]} == {1_700_000_000_000}
    assert len({row[3] for row in rows[1:-1]}) > 1
    assert keyed.bad == len(broken)


def test_a_line_too_long_to_be_held_is_stood_for_by_its_start(tmp_path: Path) -> None:
    rows, (keyed,) = read(tmp_path, [line(START), b"x" * (MAX_LINE + 1), line(START)])
    assert [row[4][:2] for row in rows] == [b'{"', b"xx", b'{"']
    assert keyed.bad == 1


def test_a_recording_of_nothing_readable_is_given_out_without_a_time(tmp_path: Path) -> None:
    rows, (keyed,) = read(tmp_path, [b"?"] * 100_000)
    assert len(rows) == 100_000
    assert {row[0] for row in rows} == {0}
    assert keyed.time is None


def test_broken_lines_before_the_first_time_take_that_time(tmp_path: Path) -> None:
    assert reached(rows_of(tmp_path, [b"?", line(START), line(START + 1)])) == [
        START,
        START,
        START + 1,
    ]


def test_the_time_reached_never_goes_back(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [line(START), line(START + 9), line(START + 4), line(START + 10)])
    assert reached(rows) == [START, START + 9, START + 9, START + 10]


def test_a_clock_that_is_far_ahead_moves_nothing(tmp_path: Path) -> None:
    lines = [line(START + second, f"a{second % 5}") for second in range(100)]
    rows, (keyed,) = read(tmp_path, [*lines[:50], line(START + 90 * 86_400), *lines[50:]])
    assert reached(rows)[49:52] == [START + 49, START + 49, START + 50]
    assert keyed.time == (START + 99) * SECOND


def test_a_gap_that_requests_confirm_is_passed_with_its_first_request(tmp_path: Path) -> None:
    before = [line(START + second, f"a{second % 5}") for second in range(50)]
    after = [line(START + 5 * HOUR + second, f"a{second % 5}") for second in range(50)]
    times = reached(rows_of(tmp_path, [*before, *after]))
    assert times[49:51] == [START + 49, START + 5 * HOUR]


def test_records_are_never_from_the_future(tmp_path: Path) -> None:
    ahead = now() / SECOND + 86_400
    rows = rows_of(tmp_path, [line(ahead + second) for second in range(3)])
    assert reached(rows) == [ahead, ahead + 1, ahead + 2]
    assert all(row[1] <= now() // 1_000 for row in rows)


def test_recordings_are_merged_by_time(tmp_path: Path) -> None:
    first = [line(START + second, "a") for second in (0, 10, 20, 30)]
    second = [line(START + second, "b") for second in (5, 15, 16, 40)]
    rows = rows_of(tmp_path, first, second)
    assert [row[2] for row in rows] == [b"a", b"b", b"a", b"b", b"b", b"a", b"a", b"b"]
    assert reached(rows) == [START + second for second in (0, 5, 10, 15, 16, 20, 30, 40)]


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_a_merge_keeps_every_line_and_the_order_of_each_recording(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int
) -> None:
    chance = random.Random(seed)
    recordings = [list(wild_lines(chance, b'"recording":%d}' % one)) for one in range(count)]
    rows = rows_of(tmp_path_factory.mktemp("law"), *recordings)
    assert sorted(row[4] for row in rows) == sorted(one for lines in recordings for one in lines)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for number, lines in enumerate(recordings):
        assert [row[4] for row in rows if row[4].endswith(b'"recording":%d}' % number)] == lines


def wild_lines(chance: random.Random, ending: bytes) -> Iterator[bytes]:
    """Lines with disorder, gaps and breakage, each told from all others."""
    time = START + chance.uniform(0, 9_000)
    for number in range(chance.randrange(120)):
        time += chance.choice([0.0, 1.0, 1.0, 30.0, -20.0, 2 * HOUR])
        start = b"?" if chance.random() < 0.05 else line(time, f"a{number % 4}", n=number)[:-1]
        yield start + b"," + ending
