from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidRecord
from schemas.times import MAX_SECONDS, to_microseconds, to_rfc3339, to_seconds

microseconds = st.integers(0, MAX_SECONDS * 1_000_000)
until_2242 = st.integers(0, 2**33 * 1_000_000)


@given(microseconds)
def test_rfc_3339_keeps_every_microsecond(moment: int) -> None:
    assert to_microseconds(to_rfc3339(moment), "time") == moment


@given(until_2242)
def test_seconds_keep_every_microsecond(moment: int) -> None:
    assert to_microseconds(to_seconds(to_rfc3339(moment), "time"), "time") == moment


@given(st.lists(microseconds))
def test_text_order_is_time_order(moments: list[int]) -> None:
    assert sorted(map(to_rfc3339, moments)) == list(map(to_rfc3339, sorted(moments)))


@given(st.integers(0, MAX_SECONDS))
def test_whole_seconds_are_exact(seconds: int) -> None:
    assert to_microseconds(seconds, "time") == seconds * 1_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", 1_000_000),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T19:00:00.000001-05:00", 1),
        ("1970-01-01T00:00:00.123456789Z", 123_457),
    ],
)
def test_offsets_and_fractions_are_understood(text: str, moment: int) -> None:
    assert to_microseconds(text, "time") == moment


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        -1,
        -0.5,
        MAX_SECONDS + 1,
        10**400,
        "",
        "now",
        "1760000000",
        "2025-10-09",
        "2025-10-09T08:53:20",
        "2025-02-30T00:00:00Z",
        "2025-10-09T24:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_what_is_no_event_time_is_refused_with_the_field(value: float | str) -> None:
    with pytest.raises(InvalidRecord) as refusal:
        to_microseconds(value, "account_created")
    assert refusal.value.field == "account_created"
