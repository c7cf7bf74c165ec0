"""Reading of usual request lines in bulk: from the bytes of JSON objects to columns.

One pass over the bytes of a line, without an object for any of its values. A line is *usual* when
it is one object of known fields, none twice, each value of its field's type: short strings of
printable ASCII without escapes, numbers without sign and exponent that a double holds exactly,
times in UTC. Whatever is not usual is left to the complete parser, which alone decides on refusals.

Places are unsigned throughout: numba makes floating point of a signed and an unsigned integer.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.json_text import ONE, at, copy_text, plain_end
from models.kernels.names import find_name
from models.kernels.words import low_bytes, read_block

TEXT, LONG, COUNT, NUMBER, TIME, FLAG, LIST = range(7)
"""Kinds of field: short string, long text, whole number, number, time, true or false, strings."""

_MOST_IDENTIFIER = np.uint64(512)
_REQUIRED = np.uint64(0b111)
_MOST_COUNT = np.uint64(2**31 - 1)
_MOST_EXACT = np.uint64(2**53)
_MOST_DIGITS = np.uint64(18)
_MOST_SECONDS = 253_402_300_799.0
_POWERS = np.array([10.0**power for power in range(_MOST_DIGITS + 1)])
_NOWHERE = np.uint64(0)
_TRUE, _NULL = (np.uint64(int.from_bytes(word, "little")) for word in (b"true", b"null"))
_ALSE = np.uint64(int.from_bytes(b"alse", "little"))
_FOUR = np.uint64(4)
_SPACES = np.uint64(sum(1 << byte for byte in b" \t\r\n"))
_SHORT_MONTHS = np.uint64(sum(1 << month for month in (4, 6, 9, 11)))
_DAYS_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


@njit(cache=True, nogil=True, inline="always")
def _skip(data, place):  # type: ignore[no-untyped-def]
    byte = data[place]
    while byte <= 0x20 and _SPACES >> np.uint64(byte) & ONE:
        place += ONE
        byte = data[place]
    return place


@njit(cache=True, nogil=True, forceinline=True)
def _number(data, place):  # type: ignore[no-untyped-def]
    """The number that starts here and its end; nowhere if a double does not hold it exactly."""
    start = place
    whole = np.uint64(0)
    point = _NOWHERE
    while 0x30 <= data[place] <= 0x39 or (data[place] == 0x2E and point == _NOWHERE):
        if data[place] == 0x2E:
            point = place
        else:
            whole = whole * np.uint64(10) + np.uint64(data[place] - 0x30)
        place += ONE
    digits = place - start
    if point == start or point + ONE == place or digits == 0 or digits > _MOST_DIGITS:
        return 0.0, False, _NOWHERE
    zero_first = data[start] == 0x30 and digits > 1 and point != start + ONE
    if zero_first or whole > _MOST_EXACT or data[place] == 0x65 or data[place] == 0x45:
        return 0.0, False, _NOWHERE
    # Both are exact, so that the quotient is the double nearest to the number.
    decimals = np.uint64(0) if point == _NOWHERE else place - point - ONE
    return np.float64(whole) / _POWERS[decimals], point == _NOWHERE, place


@njit(cache=True, nogil=True, forceinline=True)
def _digits(data, place, count):  # type: ignore[no-untyped-def]
    """The number of so many digits, -1 if they are none."""
    value = 0
    for step in range(count):
        byte = data[place + np.uint64(step)]
        if not 0x30 <= byte <= 0x39:
            return -1
        value = value * 10 + (byte - 0x30)
    return value


@njit(cache=True, nogil=True, forceinline=True)
def _days(year, month, day):  # type: ignore[no-untyped-def]
    """Days since 1970 of a date in the Gregorian calendar; -1 where there is none since then."""
    if year < 1970 or not 1 <= month <= 12 or day < 1:
        return -1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = 31 - np.int64(_SHORT_MONTHS >> np.uint64(month) & ONE)
    if month == 2:
        length = 28 + leap
    if day > length:
        return -1
    before = year - 1
    years = (year - 1970) * 365 + (before // 4 - before // 100 + before // 400 - 477)
    return years + _DAYS_BEFORE[month - 1] + (leap and month > 2) + day - 1


@njit(cache=True, nogil=True, forceinline=True)
def _written_time(data, start, end):  # type: ignore[no-untyped-def]
    """Unix seconds of `2026-01-31T23:59:59.123456Z`, up to six decimals; -1 for all else."""
    size = end - start
    if size < 20 or size == 21 or size > 27 or data[end - ONE] != 0x5A:
        return -1.0
    marks = (data[at(start, 4)], data[at(start, 7)], data[at(start, 10)])
    if marks != (0x2D, 0x2D, 0x54) or data[at(start, 13)] != 0x3A or data[at(start, 16)] != 0x3A:
        return -1.0
    hour, minute = _digits(data, at(start, 11), 2), _digits(data, at(start, 14), 2)
    second = _digits(data, at(start, 17), 2)
    days = _days(
        _digits(data, start, 4), _digits(data, at(start, 5), 2), _digits(data, at(start, 8), 2)
    )
    if days < 0 or not 0 <= hour < 24 or not 0 <= minute < 60 or not 0 <= second < 60:
        return -1.0
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    micros = 0
    if size > 20:
        decimals = np.int64(size) - 21
        micros = _digits(data, at(start, 20), decimals)
        if micros < 0 or data[at(start, 19)] != 0x2E:
            return -1.0
        for _ in range(6 - decimals):
            micros *= 10
    return np.float64(seconds * 1_000_000 + micros) / 1e6


@njit(cache=True, nogil=True, forceinline=True)
def _string_end(data, blocks, place):  # type: ignore[no-untyped-def]
    """The closing quote of a plain string whose opening one stands here; nowhere if it is not."""
    if data[place] != 0x22:
        return _NOWHERE
    end = plain_end(blocks, place + ONE)
    return end if data[end] == 0x22 else _NOWHERE


@njit(cache=True, nogil=True, forceinline=True)
def _list_end(data, blocks, place):  # type: ignore[no-untyped-def]
    """The place after a list of plain strings that starts here; nowhere if it is none."""
    if data[place] != 0x5B:
        return _NOWHERE
    place = _skip(data, place + ONE)
    if data[place] == 0x5D:
        return place + ONE
    while True:
        end = _string_end(data, blocks, place)
        if end == _NOWHERE:
            return _NOWHERE
        place = _skip(data, end + ONE)
        if data[place] == 0x5D:
            return place + ONE
        if data[place] != 0x2C:
            return _NOWHERE
        place = _skip(data, place + ONE)


@njit(cache=True, nogil=True, forceinline=True)
def _flag(blocks, place):  # type: ignore[no-untyped-def]
    """1 for true, 0 for false, and the place after it; nowhere for all else."""
    if low_bytes(read_block(blocks, place), _FOUR) == _TRUE:
        return 1.0, place + _FOUR
    if low_bytes(read_block(blocks, place + ONE), _FOUR) == _ALSE:
        return 0.0, place + ONE + _FOUR
    return 0.0, _NOWHERE


@njit(cache=True, nogil=True, forceinline=True)
def _time(data, blocks, place):  # type: ignore[no-untyped-def]
    """The Unix seconds that are written here in either form, and the place after them."""
    if data[place] == 0x22:
        end = _string_end(data, blocks, place)
        seconds = _written_time(data, place + ONE, end) if end != _NOWHERE else -1.0
        return seconds, _NOWHERE if seconds < 0 else end + ONE
    seconds, _, end = _number(data, place)
    return seconds, _NOWHERE if seconds > _MOST_SECONDS else end


@njit(cache=True, nogil=True, forceinline=True)
def _number_value(data, blocks, place, kind):  # type: ignore[no-untyped-def]
    """The number, time or flag that stands here, and the place after it."""
    if kind == TIME:
        return _time(data, blocks, place)
    if kind == FLAG:
        return _flag(blocks, place)
    value, is_whole, end = _number(data, place)
    fits = kind == NUMBER or (is_whole and value <= _MOST_COUNT)
    return value, end if fits else _NOWHERE


@njit(cache=True, nogil=True, forceinline=True)
def _value(data, blocks, place, kind, slot, row, spans, numbers, texts, text_ends, characters):  # type: ignore[no-untyped-def]
    """Read the value that starts here into its column; the place after it, nowhere if unusual."""
    end = _NOWHERE
    if low_bytes(read_block(blocks, place), _FOUR) == _NULL:
        end = place + _FOUR
    elif kind == TEXT:
        end = _string_end(data, blocks, place)
        spans[0, slot, row], spans[1, slot, row] = place + ONE, end
        end += np.uint64(end != _NOWHERE)
    elif kind == LIST:
        end = _list_end(data, blocks, place)
        spans[0, slot, row], spans[1, slot, row] = place, end
    elif kind == LONG:
        if data[place] == 0x22:
            end, text_ends[slot, row], characters[slot, row] = copy_text(
                data, blocks, place + ONE, texts, text_ends[slot, row]
            )
    else:
        numbers[slot, row], end = _number_value(data, blocks, place, kind)
    return end


@njit(cache=True, nogil=True, forceinline=True)
def _object(  # type: ignore[no-untyped-def]
    data, blocks, place, names, fields, row, spans, numbers, texts, text_ends, characters
):
    """Read the object that starts here; the place after it, nowhere if the line is unusual."""
    seen = np.uint64(0)
    more = data[place] == 0x7B
    while more:
        place = _skip(data, place + ONE)
        end = _string_end(data, blocks, place)
        number = find_name(blocks, place + ONE, end, names) if end != _NOWHERE else -1
        place = _skip(data, end + ONE)
        bit = ONE << np.uint64(max(number, 0))
        if number < 0 or data[place] != 0x3A or seen & bit:
            return _NOWHERE
        seen |= bit
        place = _value(
            data, blocks, _skip(data, place + ONE), fields[number, 0], fields[number, 1], row,
            spans, numbers, texts, text_ends, characters,
        )  # fmt: skip
        if place == _NOWHERE:
            return _NOWHERE
        place = _skip(data, place)
        more = data[place] == 0x2C
    is_closed = data[place] == 0x7D and seen & _REQUIRED == _REQUIRED
    return place + ONE if is_closed else _NOWHERE


@njit(cache=True, nogil=True, forceinline=True)
def _has_identifiers(spans, numbers, row):  # type: ignore[no-untyped-def]
    """Whether request and account are named, within the longest names, and the time is known."""
    for slot in range(2):
        size = spans[1, slot, row] - spans[0, slot, row]
        if size == 0 or size > _MOST_IDENTIFIER:
            return False
    return not np.isnan(numbers[0, row])


@njit(cache=True, nogil=True)
def read_lines(data, starts, ends, names, fields, spans, numbers, texts, text_ends, characters):  # type: ignore[no-untyped-def]
    """Read lines of a buffer into columns; returns the rows that are usual, bool[rows].

    Of an unusual row only its long texts are defined: they are empty.

    Args:
        data: The buffer, uint8, in whole blocks of eight; ends in 32 zeros or more.
        starts: Where each line starts, uint64[rows].
        ends: Where each ends.
        names: What `models.kernels.names.name_table` made of the fields' names; the first three
            are the required ones: request, account, time.
        fields: Kind of each field, and its row among the columns of this kind.
        spans: Start and end of strings and lists, uint64[2, fields, rows], zeros; the first
            two are request and account.
        numbers: float64[fields, rows], NaN; the first is the time. Flags are 0 or 1.
        texts: Room for the bytes of long texts, uint8, as large as the buffer for each field.
        text_ends: Where each row's text ends there, uint64[fields, rows]; those of a field start
            at a multiple of the buffer's size.
        characters: Code points of each long text, int64[fields, rows], zeros.
    """
    blocks = data.view(np.uint64)
    usual = np.zeros(len(starts), np.bool_)
    written = np.zeros(len(text_ends), np.uint64)
    for slot in range(len(written)):
        written[slot] = slot * len(data)
    for row in range(len(starts)):
        for slot in range(len(written)):
            text_ends[slot, row] = written[slot]
        end = _object(
            data, blocks, _skip(data, starts[row]), names, fields, row,
            spans, numbers, texts, text_ends, characters,
        )  # fmt: skip
        # What crosses the line's end is seen here: places only grow.
        within = end != _NOWHERE and _skip(data, end) >= ends[row] >= end
        usual[row] = within and _has_identifiers(spans, numbers, row)
        for slot in range(len(written)):
            if usual[row]:
                written[slot] = text_ends[slot, row]
            else:
                text_ends[slot, row], characters[slot, row] = written[slot], 0
    return usual
