from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.table import KeySet, KeyTable, Records
from tests.strategies import key_arrays

Keys = NDArray[np.uint64]
LAYOUT = np.dtype([("number", np.int64), ("small", np.uint8, (3,))], align=True)


@given(st.lists(key_arrays, max_size=6), key_arrays)
def test_a_table_agrees_with_a_dictionary(calls: list[Keys], unknown: Keys) -> None:
    table, twin = KeyTable(), dict[int, int]()
    for keys in calls:
        slots = table.slots_of(keys)
        assert slots.tolist() == [twin.setdefault(key, len(twin)) for key in keys.tolist()]
    assert table.count == len(twin)
    assert table.keys().tolist() == list(twin)
    assert table.look_up(unknown).tolist() == [twin.get(key, -1) for key in unknown.tolist()]


@given(st.lists(key_arrays, max_size=6))
def test_a_set_agrees_with_a_set(calls: list[Keys]) -> None:
    keys, twin = KeySet(), set[int]()
    for call in calls:
        expected = []
        for key in call.tolist():
            expected.append(key not in twin)
            twin.add(key)
        assert keys.add(call).tolist() == expected
    assert keys.count == len(twin)
    assert keys.keys().tolist() == sorted(twin)


def test_slots_are_dense_and_survive_growth() -> None:
    table = KeyTable()
    keys = np.random.default_rng(3).integers(1, 2**64, 20_000, np.uint64)
    before = table.slots_of(keys[:50])
    for start in range(0, len(keys), 700):
        table.slots_of(keys[start : start + 700])
    assert before.tolist() == list(range(50))
    assert table.look_up(keys).tolist() == list(range(len(keys)))
    assert table.keys().tolist() == keys.tolist()


def test_neighbouring_keys_do_not_get_in_each_others_way() -> None:
    table = KeyTable()
    keys = np.arange(1, 5_001, dtype=np.uint64) << np.uint64(32)
    assert table.slots_of(keys).tolist() == list(range(5_000))
    assert (table.look_up(keys + np.uint64(1)) == -1).all()


def test_equal_keys_in_one_call_get_one_slot() -> None:
    table = KeyTable()
    assert table.slots_of(np.array([9, 4, 9, 4, 7], np.uint64)).tolist() == [0, 1, 0, 1, 2]
    assert table.count == 3


@given(st.lists(st.integers(1, 2**64 - 1), unique=True, max_size=60), key_arrays)
def test_a_rebuilt_table_holds_the_given_keys_alone(kept: list[int], old: Keys) -> None:
    table = KeyTable()
    table.slots_of(old)
    table.rebuild(np.array(kept, np.uint64))
    assert table.count == len(kept)
    assert table.keys().tolist() == kept
    gone = np.array([key for key in old.tolist() if key not in kept], np.uint64)
    assert (table.look_up(gone) == -1).all()


def test_a_cleared_table_is_like_a_new_one() -> None:
    table = KeyTable()
    table.slots_of(np.arange(1, 3_000, dtype=np.uint64))
    table.clear()
    assert table.count == 0
    assert table.look_up(np.array([5], np.uint64)).tolist() == [-1]
    assert table.slots_of(np.array([5, 6], np.uint64)).tolist() == [0, 1]


def test_a_set_survives_growth() -> None:
    keys = np.random.default_rng(4).integers(1, 2**64, 9_000, np.uint64)
    whole = KeySet()
    assert all(whole.add(keys[start : start + 500]).all() for start in range(0, 9_000, 500))
    assert not whole.add(keys).any()
    assert whole.count == len(keys)
    assert KeySet(keys).keys().tolist() == whole.keys().tolist()


def test_records_keep_their_content_when_they_grow() -> None:
    records = Records(LAYOUT)
    records.array["number"][:10] = np.arange(10)
    records.reserve(5_000)
    assert len(records.array) >= 5_000
    assert records.array["number"][:10].tolist() == list(range(10))
    assert not records.array["number"][10:].any()
    held = records.array
    records.reserve(4_000)
    assert records.array is held


def test_replaced_and_cleared_records_hold_nothing_old() -> None:
    records = Records(LAYOUT)
    records.array["number"] = 7
    fresh = np.zeros(3, LAYOUT)
    fresh["number"] = [1, 2, 3]
    records.replace(fresh)
    assert records.array["number"][:3].tolist() == [1, 2, 3]
    assert not records.array["number"][3:].any()
    records.clear(2)
    assert records.array["number"][:3].tolist() == [0, 0, 3]
