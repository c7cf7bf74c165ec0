"""Which epoch a source gives each of its rows, and which rows it gives out at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.options import EpochOptions
from models.requests.batch import EventBatch
from models.sources.source import RefusedRow, Source
from models.sources.watermark import HOUR
from models.wire.state import decode_state, encode_state
from tests.models.rows import Row, batch_of

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * HOUR
LENGTH = 300 * SECOND
LATENESS = 120 * SECOND
OPTIONS = EpochOptions(seconds=300, lateness_seconds=120)
START = 20_370 * DAY
FIRST = START // LENGTH
YEAR_2100 = 4_102_444_800 * SECOND
MOST_PARKED = 1_000


class Given(NamedTuple):
    """A row as a source gave it out, numbered from 0."""

    number: int
    time: int
    epoch: int
    position: int


def record(number: int) -> bytes:
    return b"record %d" % number


def given_rows(batch: EventBatch | None) -> list[Given]:
    if batch is None:
        return []
    columns = (batch.request - 1, batch.time, batch.epoch, batch.position)
    return [Given(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def feed(source: Source, rows: Sequence[Row], first: int = 0) -> list[Given]:
    """Rows `first`, `first` + 1, … of a source, each standing where its number says."""
    numbers = range(first, first + len(rows))
    batch = batch_of(rows, first)
    return given_rows(source.admit(batch, numbers, [record(number) for number in numbers]))


def fed(source: Source, rows: Sequence[Row], size: int, first: int = 0) -> list[Given]:
    found: list[Given] = []
    for start in range(0, len(rows), size):
        found += feed(source, rows[start : start + size], first + start)
    return found


def stepwise(
    source: Source, rows: Sequence[Row]
) -> Iterator[tuple[int | None, list[Given], int | None]]:
    """For every row: the watermark before it, what was given out, the watermark after it."""
    for number, row in enumerate(rows):
        before = source.watermark
        yield before, feed(source, [row], number), source.watermark


def ordinary(count: int, start: int = START, step: int = MINUTE, accounts: int = 5) -> list[Row]:
    return [Row(start + row * step, 1 + row % accounts) for row in range(count)]


_strides = st.sampled_from([5 * SECOND, MINUTE, MINUTE, 20 * MINUTE, -30 * SECOND, -9 * MINUTE])
_jumps = st.sampled_from([0, 0, 40 * MINUTE, 90 * MINUTE, -90 * MINUTE, 9 * HOUR, 40 * DAY])


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    """Stretches of time with jumps between them, and wild rows of anywhere in them."""
    rows: list[Row] = []
    start = START
    for jump in draw(st.lists(_jumps, min_size=1, max_size=5)):
        start += jump
        accounts = draw(st.integers(1, 4))
        rows += ordinary(draw(st.integers(1, 45)), start, draw(_strides), accounts)
        start = rows[-1].time
    offsets = st.integers(30 * MINUTE, 150 * MINUTE) | st.sampled_from([-START, 60 * DAY])
    for offset in draw(st.lists(offsets, max_size=6)):
        place = draw(st.integers(0, len(rows)))
        near = rows[min(place, len(rows) - 1)].time
        rows.insert(place, Row(max(near + offset, 0), draw(st.integers(1, 4))))
    return rows


@given(streams(), st.integers(1, 40))
def test_cuts_of_batches_do_not_show(rows: list[Row], size: int) -> None:
    single, cut = Source(OPTIONS), Source(OPTIONS)
    assert fed(cut, rows, size) == fed(single, rows, 1)
    assert (cut.watermark, cut.parked, cut.late) == (single.watermark, single.parked, single.late)
    assert given_rows(cut.end(len(rows))) == given_rows(single.end(len(rows)))
    assert cut.take_refused() == single.take_refused()


@given(streams(), st.data())
def test_a_loaded_source_goes_on_as_before(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows)))
    floor = data.draw(st.sampled_from([0, FIRST + 10]))
    whole, loaded = Source(OPTIONS, floor), Source(OPTIONS)
    fed(whole, rows[:place], 17)
    loaded.load(decode_state(encode_state(whole.dump())))
    assert fed(loaded, rows[place:], 23, place) == fed(whole, rows[place:], 23, place)
    assert (loaded.watermark, loaded.parked) == (whole.watermark, whole.parked)
    assert given_rows(loaded.end(len(rows))) == given_rows(whole.end(len(rows)))
    assert loaded.late == whole.late
    refused = [row.position for row in whole.take_refused()]
    assert [row.position for row in loaded.take_refused()] == refused


@given(streams(), st.integers(1, 40), st.lists(st.integers(-DAY, 2 * DAY), max_size=2))
def test_every_row_is_given_out_once_or_refused(
    rows: list[Row], size: int, marks: list[int]
) -> None:
    source = Source(OPTIONS)
    found = fed(source, rows, size)
    assert len(found) + source.parked == len(rows)
    for offset in marks:
        found += given_rows(source.pass_mark(rows[-1].time + offset, len(rows)))
    found += given_rows(source.end(len(rows)))
    refused = source.take_refused()
    numbers = [row.number for row in found] + [row.position for row in refused]
    assert sorted(numbers) == list(range(len(rows)))
    assert [row.record for row in refused] == [record(row.position) for row in refused]
    assert (source.parked, source.take_refused()) == (0, [])


@given(streams())
def test_no_row_counts_before_what_the_watermark_left_open(rows: list[Row]) -> None:
    source = Source(OPTIONS)
    for before, found, _ in stepwise(source, rows):
        open_before = 0 if before is None else source.first_open(before)
        assert all(row.epoch >= open_before for row in found)


@given(streams())
def test_a_row_counts_in_its_own_epoch_or_the_first_open_one(rows: list[Row]) -> None:
    source = Source(OPTIONS)
    late = 0
    for _, found, after in stepwise(source, rows):
        for row in found:
            own = row.time // LENGTH
            late += row.epoch != own
            assert after is not None
            assert row.epoch == own or own < row.epoch <= source.first_open(after)
    assert source.late == late


@given(streams(), st.integers(0, 60))
def test_no_row_counts_before_the_floor(rows: list[Row], above: int) -> None:
    floor = FIRST + above
    source, free = Source(OPTIONS, floor), Source(OPTIONS)
    bounded, unbounded = fed(source, rows, 19), fed(free, rows, 19)
    bounded += given_rows(source.end(len(rows)))
    unbounded += given_rows(free.end(len(rows)))
    assert bounded == [row._replace(epoch=max(row.epoch, floor)) for row in unbounded]
    assert source.first_open(0) == floor


@given(streams())
def test_rows_stand_where_they_were_believed(rows: list[Row]) -> None:
    for number, (_, found, _) in enumerate(stepwise(Source(OPTIONS), rows)):
        assert {row.position for row in found} <= {number}
        assert all(row.number <= number for row in found)


def test_a_row_within_the_lateness_counts_in_its_own_epoch() -> None:
    source = Source(OPTIONS)
    feed(source, ordinary(60))
    reached = source.watermark
    assert reached is not None
    behind = [Row(reached - LATENESS, 1), Row(reached - LATENESS - LENGTH, 1)]
    first, second = feed(source, behind, 60)
    assert (first.epoch, source.late) == (first.time // LENGTH, 1)
    assert second.epoch == source.first_open(reached) == second.time // LENGTH + 1


def test_a_row_believed_by_a_later_one_does_not_make_that_one_late() -> None:
    source = Source(OPTIONS)
    feed(source, ordinary(60))
    last = ordinary(60)[-1].time
    rows = [Row(last, 1), Row(last + 90 * MINUTE, 2), Row(last + 40 * MINUTE, 3)]
    found = feed(source, rows, 60)
    assert [row.number for row in found] == [60, 62, 61]
    assert [row.epoch for row in found] == [row.time // LENGTH for row in found]
    assert source.late == 0


def far_ahead(count: int) -> list[Row]:
    """A lone account whose clock is ahead by ever other hours, between rows on time."""
    behind = ordinary(count, step=SECOND)
    ahead = [Row(START + (60 + 2 * row) * DAY, 99) for row in range(count)]
    return [row for pair in zip(behind, ahead, strict=True) for row in pair]


@pytest.mark.parametrize("size", [7, 500, 10_000])
def test_rows_wait_in_bounded_number_whatever_the_cuts(size: int) -> None:
    rows = [*ordinary(60), *far_ahead(MOST_PARKED + 200)]
    source, single = Source(OPTIONS), Source(OPTIONS)
    assert fed(source, rows, size) == fed(single, rows, 1)
    assert source.parked == single.parked == MOST_PARKED
    refused = source.take_refused()
    assert refused == [RefusedRow(61 + 2 * row, record(61 + 2 * row)) for row in range(200)]


@pytest.mark.parametrize("size", [1, 10_000])
def test_time_moves_on_though_as_many_rows_wait_as_may(size: int) -> None:
    rows = [*ordinary(60), *far_ahead(MOST_PARKED + 24)]
    source = Source(OPTIONS)
    fed(source, rows, size)
    later = ordinary(64, START + 3 * DAY, SECOND)
    between = ordinary(64, START + HOUR, SECOND)
    mixed = [row for pair in zip(between, later, strict=True) for row in pair]
    found = fed(source, mixed, size, len(rows))
    assert source.watermark == later[-1].time
    assert {row.number - len(rows) for row in found} == set(range(len(mixed)))


def test_a_mark_moves_the_watermark_and_releases_what_it_confirms() -> None:
    source = Source(OPTIONS)
    feed(source, ordinary(60))
    ahead = [Row(START + 9 * HOUR, 1), Row(START + 30 * HOUR, 2)]
    assert feed(source, ahead, 60) == []
    assert given_rows(source.pass_mark(START + 8 * HOUR + MINUTE, 62)) == [
        Given(60, ahead[0].time, ahead[0].time // LENGTH, 62)
    ]
    assert source.watermark == ahead[0].time
    assert source.pass_mark(START, 63) is None
    assert (source.watermark, source.parked) == (ahead[0].time, 1)


def test_a_mark_dates_a_source_without_rows() -> None:
    source = Source(OPTIONS)
    assert source.pass_mark(START, 0) is None
    assert source.watermark == START
    late = feed(source, [Row(START - DAY, 1)], 1)
    assert [row.epoch for row in late] == [source.first_open(START)]


def test_an_end_believes_what_follows_and_refuses_the_rest() -> None:
    source = Source(OPTIONS)
    rows = [*ordinary(60), Row(START + 5 * DAY, 1), Row(YEAR_2100, 2)]
    feed(source, rows)
    assert given_rows(source.end(62)) == [Given(60, rows[60].time, rows[60].time // LENGTH, 62)]
    assert source.take_refused() == [RefusedRow(61, record(61))]
    assert source.end(63) is None
