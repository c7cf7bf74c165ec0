"""The epoch clock: no epoch closes before every source that counts has passed it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.options import EpochOptions
from models.sources.epoch_clock import EpochClock
from models.wire.protocol import NOTHING, Close, Standing
from models.wire.state import decode_state, encode_state

SECOND = 1_000_000
LENGTH = 300 * SECOND
LATENESS = 120 * SECOND
OPTIONS = EpochOptions(seconds=300, lateness_seconds=120)
SOURCES = ("requests/0", "requests/1", "facts/0")


def clock(*expected: str) -> EpochClock:
    return EpochClock(OPTIONS, expected)


def passed(epoch: int) -> int:
    """The watermark that lets go of an epoch."""
    return (epoch + 1) * LENGTH + LATENESS


def standing(
    source: str,
    watermark: int | None = None,
    epochs: Sequence[int] = (),
    position: int = 0,
    state: str = "active",
) -> Standing:
    return Standing(source, position, watermark, epochs, state)


def closed(one: EpochClock) -> list[int]:
    found: list[int] = []
    while (close := one.next_due()) is not None:
        found.append(close.epoch)
    return found


def test_an_epoch_closes_once_its_end_is_passed_by_the_lateness() -> None:
    one = clock("a")
    one.note(standing("a", passed(7) - 1, [7]))
    assert one.next_due() is None
    one.note(standing("a", passed(7), position=12))
    assert one.next_due() == Close(7, {"a": 12})
    assert (one.next_due(), one.last) == (None, 7)


def test_epochs_without_rows_are_passed_over_in_silence() -> None:
    one = clock("a")
    one.note(standing("a", passed(900), [3, 500]))
    assert closed(one) == [3, 500]


def test_the_source_that_is_furthest_behind_decides() -> None:
    one = clock("a", "b")
    one.note(standing("a", passed(9), [7, 8, 9]))
    one.note(standing("b", passed(7)))
    assert (closed(one), one.watermark) == ([7], passed(7))
    one.note(standing("b", passed(8)))
    assert closed(one) == [8]


@pytest.mark.parametrize("state", ["active", "joining"])
def test_who_is_expected_or_has_just_joined_holds_all_epochs_open(state: str) -> None:
    one = clock("a", "b")
    one.note(standing("a", passed(9), [7]))
    assert (closed(one), one.watermark) == ([], None)
    one.note(standing("b", state=state))
    assert (closed(one), one.watermark) == ([], None)
    one.note(standing("b", passed(7)))
    assert closed(one) == [7]


@pytest.mark.parametrize("state", ["idle", "facts"])
def test_who_is_idle_or_brings_facts_holds_nothing_open(state: str) -> None:
    one = clock("a", "b")
    one.note(standing("a", passed(7), [7]))
    assert closed(one) == []
    one.note(standing("b", position=5, state=state))
    assert one.next_due() == Close(7, {"a": 0, "b": 5})


def test_time_stands_still_while_every_source_is_idle() -> None:
    one = clock("a")
    one.note(standing("a", passed(7), [7], state="idle"))
    assert (closed(one), one.watermark) == ([], None)
    one.note(standing("a", passed(7)))
    assert closed(one) == [7]


def test_who_comes_back_from_rest_counts_from_the_first_epoch_that_is_not_closed() -> None:
    one = clock("a", "b")
    assert [one.note(standing(name, state="joining")) for name in "ab"] == [0, 0]
    one.note(standing("b", passed(1), state="idle"))
    one.note(standing("a", passed(7), [7]))
    assert closed(one) == [7]
    assert one.note(standing("b", passed(1), state="joining")) == 8
    one.note(standing("a", passed(20), [15]))
    assert closed(one) == []
    # Whoever takes over from it in the meantime gives rows the same epochs.
    assert one.note(standing("b", passed(1), state="joining")) == 8


def test_a_source_that_nobody_expected_is_waited_for_once_it_joins() -> None:
    one = clock("a")
    assert one.note(standing("new", state="joining")) == 0
    one.note(standing("a", passed(7), [7]))
    assert closed(one) == []
    one.note(standing("new", passed(7)))
    assert closed(one) == [7]


def test_an_old_word_of_rest_lets_nobody_pass_by_who_has_read_on() -> None:
    one = clock("a", "b")
    one.note(standing("a", passed(5), [7], position=40))
    one.note(standing("b", passed(7), position=9))
    one.note(standing("a", passed(5), position=39, state="idle"))
    assert one.next_due() is None
    one.note(standing("a", passed(5), position=40, state="idle"))
    assert closed(one) == [7]


def test_what_was_closed_is_not_opened_again() -> None:
    one = clock("a")
    one.note(standing("a", passed(7), [7]))
    assert closed(one) == [7]
    one.note(standing("a", passed(9), [5, 7, 9]))
    assert closed(one) == [9]


def test_an_older_word_takes_nothing_back() -> None:
    one = clock("a")
    one.note(standing("a", passed(7), [7], position=30))
    one.note(standing("a", passed(3), [3], position=10))
    assert one.watermark == passed(7)
    assert one.next_due() == Close(3, {"a": 30})


standings = st.builds(
    Standing,
    st.sampled_from(SOURCES),
    st.integers(NOTHING, 50),
    st.none() | st.integers(0, 30 * LENGTH),
    st.lists(st.integers(0, 30), max_size=3),
    st.sampled_from(["joining", "active", "active", "idle", "facts"]),
)


@given(st.lists(standings, max_size=30))
def test_epochs_close_in_order_once_each_and_only_when_told_of(told: list[Standing]) -> None:
    one, opened, found = clock(*SOURCES), set[int](), list[int]()
    for word in told:
        one.note(word)
        opened |= set(word.epochs)
        found += closed(one)
    assert found == sorted(set(found))
    assert set(found) <= opened


@given(st.lists(standings, max_size=20), st.lists(standings, max_size=20))
def test_a_loaded_clock_goes_on_as_before(before: list[Standing], after: list[Standing]) -> None:
    one, other = clock(*SOURCES), clock(*SOURCES)
    for word in before:
        one.note(word)
    closed(one)
    other.load(decode_state(encode_state(one.dump())))
    for word in after:
        assert other.note(word) == one.note(word)
        assert (other.next_due(), other.watermark) == (one.next_due(), one.watermark)


def test_a_loaded_clock_waits_for_sources_that_are_expected_anew() -> None:
    one, other = clock("a"), clock("a", "b")
    one.note(standing("a", passed(7), [7]))
    other.load(decode_state(encode_state(one.dump())))
    assert (closed(one), closed(other)) == ([7], [])
