from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.accounts.duplicates import Duplicates
from models.wire.checkpoint import EVERYTHING, Cut, Renewal
from models.wire.state import decode_state, encode_state
from tests.rounds import Rounds

DAY = 86_400_000_000
START = 20_370 * DAY

Row = tuple[int, int]

rows_of = st.lists(
    st.tuples(st.integers(START - 2, START + 2) | st.integers(START, START + 3 * DAY),
              st.integers(1, 5)),
    max_size=40,
)  # fmt: skip
"""Times on both sides of midnight, and ids that repeat."""


def admit(
    duplicates: Duplicates, rows: list[Row], epochs: list[int] | None = None
) -> tuple[list[Row], int]:
    """The fresh rows and the number of reused ids."""
    time = np.array([time for time, _ in rows], np.int64)
    reference = np.array([name for _, name in rows], np.uint64)
    request = reference * np.uint64(2**60) + time.astype(np.uint64)
    epoch = None if epochs is None else np.array(epochs, np.int64)
    fresh, reused = duplicates.admit(time, request, reference, epoch)
    return [row for row, is_fresh in zip(rows, fresh.tolist(), strict=True) if is_fresh], reused


@given(rows_of)
def test_equal_rows_are_fresh_once(rows: list[Row]) -> None:
    fresh, reused = admit(Duplicates(), rows)
    assert sorted(fresh) == sorted(set(rows))
    days = {(time // DAY, name) for time, name in rows}
    assert reused == len(set(rows)) - len(days)


@given(rows_of, st.randoms(use_true_random=False), st.integers(1, 10))
def test_neither_order_nor_cuts_show(rows: list[Row], random: object, size: int) -> None:
    expected, reused = admit(Duplicates(), rows)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a Random
    duplicates = Duplicates()
    parts = [
        admit(duplicates, shuffled[first : first + size]) for first in range(0, len(shuffled), size)
    ]
    assert sorted(row for fresh, _ in parts for row in fresh) == sorted(expected)
    assert sum(count for _, count in parts) == reused


@given(rows_of, rows_of)
def test_loaded_duplicates_know_what_was_seen(before: list[Row], after: list[Row]) -> None:
    seen, loaded = Duplicates(), Duplicates()
    admit(seen, before)
    loaded.load(decode_state(encode_state(seen.dump())))
    assert admit(loaded, after) == admit(seen, after)


@given(st.integers(0, 3 * DAY), st.integers(0, DAY))
def test_a_row_is_remembered_for_at_least_a_day(offset: int, passed: int) -> None:
    duplicates = Duplicates()
    row = (START + offset, 1)
    admit(duplicates, [row])
    duplicates.forget_before(row[0] + passed)
    assert admit(duplicates, [row]) == ([], 0)


def test_what_is_days_old_is_forgotten() -> None:
    duplicates = Duplicates()
    rows = [(START, 1), (START + 5 * DAY, 1)]
    admit(duplicates, rows)
    duplicates.forget_before(START + 5 * DAY)
    assert admit(duplicates, rows) == ([rows[0]], 0)
    duplicates.forget_before(START + 20 * DAY)
    assert not any(duplicates.dump()["requests"])


steps = st.lists(
    st.tuples(rows_of, st.lists(st.integers(0, 5), min_size=40, max_size=40), st.booleans()),
    min_size=1,
    max_size=6,
)
"""Rows with the epochs after the closed one that they count in, and whether the cut is whole."""


def keys_of(duplicates: Duplicates) -> dict[str, dict[int, list[int]]]:
    return {
        name: {day: keys.tolist() for day, keys in days.items() if len(keys)}
        for name, days in duplicates.dump().items()
    }


@given(steps)
def test_cuts_give_what_counted_in_closed_epochs_and_nothing_else(
    given_steps: list[tuple[list[Row], list[int], bool]],
) -> None:
    journal, closed_rows = Duplicates(journal=True), Duplicates()
    counted: dict[int, list[Row]] = {}
    rounds, renewal = Rounds[dict[str, Any]](), Renewal()
    for closed, (rows, offsets, whole) in enumerate(given_steps):
        epochs = [closed + offset for offset in offsets[: len(rows)]]
        fresh, _ = admit(journal, rows, epochs)
        for row in fresh:
            counted.setdefault(epochs[rows.index(row)], []).append(row)
        journal.settle(closed)
        admit(closed_rows, counted.pop(closed, []))
        share = renewal.share(1, 5, whole=whole)
        cut = Cut(share, journal.renewed(share), journal.cut(), {}, 0)
        rounds.take(cut, cut.pieces)
        restored = Duplicates(journal=True)
        for piece in rounds.pieces:
            restored.restore(decode_state(encode_state(piece)))
        open_rows = {row for several in counted.values() for row in several}
        assert keys_of(restored)["requests"] == keys_of(closed_rows)["requests"]
        if not open_rows:
            assert keys_of(restored) == keys_of(journal)


def test_what_counts_in_an_epoch_that_was_passed_over_is_cut_with_the_next() -> None:
    journal, restored = Duplicates(journal=True), Duplicates()
    admit(journal, [(START, 1), (START, 2), (START, 3)], [3, 4, 6])
    journal.settle(5)
    for piece in journal.cut():
        restored.restore(piece)
    assert admit(restored, [(START, 1), (START, 2), (START, 3)])[0] == [(START, 3)]


def test_large_cuts_come_in_pieces() -> None:
    journal = Duplicates(journal=True)
    admit(journal, [(START + row, row + 1) for row in range(70_000)], [0] * 70_000)
    journal.settle(0)
    for pieces in (journal.cut(), journal.renewed(EVERYTHING)):
        assert sum(len(piece["requests"]) for piece in pieces) == 70_000
        assert max(len(encode_state(piece)) for piece in pieces) <= 500_000
