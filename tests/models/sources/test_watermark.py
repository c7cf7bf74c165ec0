from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.sources.watermark import HOUR, Watermark
from models.wire.state import decode_state, encode_state

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * HOUR
START = 20_370 * DAY
YEAR_2100 = 4_102_444_800 * SECOND

Row = tuple[int, int]


def ordinary(count: int, start: int = START, step: int = MINUTE, accounts: int = 5) -> list[Row]:
    return [(start + row * step, 1 + row % accounts) for row in range(count)]


def admit(watermark: Watermark, rows: Sequence[Row], first: int = 0) -> list[int]:
    times = np.array([time for time, _ in rows], np.int64)
    accounts = np.array([account for _, account in rows], np.uint64)
    numbers: list[int] = watermark.admit(times, accounts, first).numbers.tolist()
    return numbers


def one_by_one(watermark: Watermark, rows: Sequence[Row]) -> list[int]:
    return [number for place, row in enumerate(rows) for number in admit(watermark, [row], place)]


_jumps = st.sampled_from([0, 0, 0, 0, 0, 2 * HOUR, -3 * HOUR, 9 * HOUR, 40 * DAY, -50 * DAY])


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    """Stretches of ordinary time with jumps between, and single rows of anywhere in them."""
    rows: list[Row] = []
    start = START
    for jump in draw(st.lists(_jumps, min_size=1, max_size=5)):
        start += jump
        stretch = ordinary(draw(st.integers(1, 50)), start, MINUTE, draw(st.integers(1, 4)))
        rows += stretch
        start = stretch[-1][0]
    wild = st.tuples(st.sampled_from([0, YEAR_2100, START + 5 * HOUR]), st.integers(1, 3))
    for row in draw(st.lists(wild, max_size=4)):
        rows.insert(draw(st.integers(0, len(rows))), row)
    return rows


@given(streams(), st.integers(1, 40))
def test_every_row_is_returned_once(rows: list[Row], size: int) -> None:
    watermark = Watermark()
    given_out: list[int] = []
    for first in range(0, len(rows), size):
        given_out += admit(watermark, rows[first : first + size], first)
        assert len(given_out) + len(watermark) == min(first + size, len(rows))
    believed, refused = watermark.end()
    assert sorted([*given_out, *believed, *refused]) == list(range(len(rows)))
    assert len(watermark) == 0


@given(streams())
def test_a_watermark_never_goes_back(rows: list[Row]) -> None:
    watermark = Watermark()
    reached = -1
    for place, row in enumerate(rows):
        admit(watermark, [row], place)
        if watermark.time is not None:
            assert watermark.time >= reached
            reached = watermark.time
    watermark.end()
    assert watermark.time is not None
    assert watermark.time >= reached


@given(streams(), st.integers(1, 40))
def test_batch_cuts_do_not_show(rows: list[Row], size: int) -> None:
    whole, cut = Watermark(), Watermark()
    expected = one_by_one(whole, rows)
    parts = [admit(cut, rows[first : first + size], first) for first in range(0, len(rows), size)]
    assert [number for part in parts for number in part] == expected
    assert cut.time == whole.time
    assert cut.end() == whole.end()


@given(streams(), st.data())
def test_a_loaded_watermark_goes_on_as_before(rows: list[Row], data: st.DataObject) -> None:
    whole, half = Watermark(), Watermark()
    place = data.draw(st.integers(0, len(rows)))
    expected = admit(whole, rows)
    before = admit(half, rows[:place])
    other = Watermark()
    other.load(decode_state(encode_state(half.dump())))
    assert before + admit(other, rows[place:], place) == expected
    assert (other.time, other.end()) == (whole.time, whole.end())


@given(st.lists(st.integers(0, HOUR), min_size=40, max_size=80))
def test_rows_within_an_hour_of_each_other_are_all_believed(offsets: list[int]) -> None:
    watermark = Watermark()
    rows = [(START + offset, 1 + place % 3) for place, offset in enumerate(offsets)]
    assert sorted(admit(watermark, rows)) == list(range(len(rows)))
    assert watermark.time == START + max(offsets)


def test_nothing_is_believed_before_several_rows_agree() -> None:
    watermark = Watermark()
    rows = ordinary(32)
    assert admit(watermark, rows[:31]) == []
    assert watermark.time is None
    assert admit(watermark, rows[31:], 31) == list(range(32))
    assert watermark.time == rows[-1][0]


def test_a_row_of_2100_first_moves_nothing() -> None:
    watermark = Watermark()
    assert admit(watermark, [(YEAR_2100, 1)]) == []
    rows = ordinary(200)
    assert admit(watermark, rows, 1) == list(range(1, 201))
    assert watermark.time == rows[-1][0]
    assert watermark.end() == ([], [0])
    assert watermark.time == rows[-1][0]


def test_rows_of_2100_in_the_middle_move_nothing() -> None:
    watermark = Watermark()
    rows = ordinary(400)
    for place in range(5, 400, 10):
        rows[place] = (YEAR_2100 + place, 1)
    believed = admit(watermark, rows)
    assert watermark.time == rows[-1][0]
    assert watermark.end() == ([], sorted(set(range(400)).difference(believed)))
    assert len(believed) == 360


def test_a_row_of_1970_is_believed_and_moves_nothing() -> None:
    watermark = Watermark()
    rows = ordinary(100)
    rows[50] = (0, 1)
    assert admit(watermark, rows) == list(range(100))
    assert watermark.time == rows[-1][0]


def test_a_row_of_1970_first_does_not_date_the_stream() -> None:
    watermark = Watermark()
    rows = [(0, 1), *ordinary(32)]
    assert sorted(admit(watermark, rows)) == list(range(33))
    assert watermark.time == rows[-1][0]
    short = Watermark()
    rows = [(0, 1), *ordinary(10)]
    assert admit(short, rows) == []
    assert short.end() == (list(range(11)), [])
    assert short.time == rows[-1][0]


def test_a_gap_of_hours_is_confirmed_by_32_rows_of_three_accounts() -> None:
    watermark = Watermark()
    admit(watermark, ordinary(100))
    after = ordinary(32, START + 30 * HOUR, accounts=3)
    assert one_by_one(watermark, after[:31]) == []
    assert len(watermark) == 31
    assert admit(watermark, after[31:], 31) == list(range(32))
    assert watermark.time == after[-1][0]


def test_rows_on_time_between_do_not_hinder_a_dense_hour() -> None:
    watermark = Watermark()
    admit(watermark, ordinary(100))
    behind = ordinary(40, START + 100 * MINUTE, SECOND)
    ahead = ordinary(40, START + 30 * HOUR, SECOND)
    rows = [row for pair in zip(behind, ahead, strict=True) for row in pair]
    assert sorted(admit(watermark, rows, 100)) == list(range(100, 180))
    assert watermark.time == ahead[-1][0]


def test_two_accounts_confirm_nothing_before_256_rows() -> None:
    watermark = Watermark()
    admit(watermark, ordinary(100))
    after = ordinary(256, START + 30 * HOUR, SECOND, accounts=2)
    assert admit(watermark, after[:255], 100) == []
    assert admit(watermark, after[255:], 355) == list(range(100, 356))
    assert watermark.time == after[-1][0]


def test_a_lone_account_is_believed_after_256_rows() -> None:
    watermark = Watermark()
    rows = ordinary(300, accounts=1)
    assert one_by_one(watermark, rows[:255]) == []
    assert sorted(admit(watermark, rows[255:], 255)) == list(range(300))
    assert watermark.time == rows[-1][0]


def test_the_end_believes_a_gap_of_31_days_and_no_more() -> None:
    watermark = Watermark()
    rows = ordinary(100)
    admit(watermark, rows)
    last = rows[-1][0]
    late = [(last + 31 * DAY, 7), (last + 62 * DAY, 7), (last + 93 * DAY + SECOND, 7)]
    assert admit(watermark, late, 100) == []
    assert watermark.end() == ([100, 101], [102])
    assert watermark.time == last + 62 * DAY


def test_the_end_believes_in_order_of_time() -> None:
    watermark = Watermark()
    assert admit(watermark, [(START + 9 * HOUR, 1), (START, 2), (START + 3 * HOUR, 3)]) == []
    assert watermark.end() == ([1, 2, 0], [])
    assert watermark.time == START + 9 * HOUR


def test_an_empty_source_ends_without_a_time() -> None:
    watermark = Watermark()
    assert watermark.end() == ([], [])
    assert watermark.time is None
