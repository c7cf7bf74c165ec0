"""Arrays as MessagePack, and records of other layouts than today's."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.layouts import EDGE, PARTIAL, PROFILE
from models.tie_layouts import MEMBER, TIE, VALUE
from models.ties.stage import STATISTICS
from models.wire.arrays import decode_values, encode_values, fitted

_ARRAY = 2

scalars = st.sampled_from(["<u8", "<i4", "<f8", "|u1", "|b1"]).map(np.dtype)


@st.composite
def record_kinds(draw: st.DrawFn, fields: st.SearchStrategy[np.dtype[Any]]) -> np.dtype[np.void]:
    """Records of these fields, some of them arrays, packed or aligned."""
    shapes = st.sampled_from([(), (), (1,), (2,), (2, 3)])
    chosen = draw(st.lists(st.tuples(fields, shapes), min_size=1, max_size=3))
    described = [(f"field_{place}", *field) for place, field in enumerate(chosen)]
    return np.dtype(described, align=draw(st.booleans()))


kinds = st.recursive(scalars, record_kinds, max_leaves=6)
shapes = st.lists(st.integers(0, 4), max_size=2).map(tuple)


def content(array: NDArray[Any]) -> Any:
    """Values by field; what lies between fields is not looked at."""
    if array.dtype.names is None:
        return array.tobytes()
    return {name: content(array[name]) for name in array.dtype.names}


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and content(one) == content(other)


@given(kinds, shapes, st.randoms(use_true_random=False))
def test_arrays_of_any_type_come_back(
    kind: np.dtype[Any], shape: tuple[int, ...], random: Random
) -> None:
    size = kind.itemsize * int(np.prod(shape, dtype=np.int64))
    array = np.frombuffer(bytes(random.choices(range(2), k=size)), kind).reshape(shape)
    [back] = decode_values(encode_values([array]))
    assert same(back, array)


@pytest.mark.parametrize("layout", [EDGE, PARTIAL, PROFILE, MEMBER, STATISTICS, TIE, VALUE])
def test_every_layout_comes_back_and_can_be_written_to(layout: np.dtype[np.void]) -> None:
    records = np.frombuffer(bytes(range(1, 251)) * layout.itemsize, layout)[:3]
    back = decode_values(encode_values({"records": records}))["records"]
    assert same(back, records)
    assert back.dtype.isalignedstruct
    back[:] = records[0]


def test_records_within_records_come_back() -> None:
    inner = np.dtype([("low", "<u4"), ("high", "<f8", (2,))], align=True)
    layout = np.dtype([("key", "<u8"), ("inner", inner, (2,)), ("last", "<i2")], align=True)
    records = np.zeros(2, layout)
    records["inner"]["high"] = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]
    assert same(decode_values(encode_values(records)), records)


@given(st.binary(max_size=40))
def test_a_damaged_array_is_refused(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, ValueError)):
        decode_values(msgspec.msgpack.encode(msgspec.msgpack.Ext(_ARRAY, b"\x00\x03\xc1" + data)))


described = st.recursive(
    st.none() | st.integers(-2, 300) | st.sampled_from(["<u8", "|O", "(2,)<f4", "x", ",", ""]),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(described, described, st.binary(max_size=24))
def test_an_array_of_any_description_is_read_or_refused(
    kind: object, shape: object, data: bytes
) -> None:
    head = msgspec.msgpack.encode([kind, shape])
    body = len(head).to_bytes(2, "big") + head + data
    encoded = msgspec.msgpack.encode(msgspec.msgpack.Ext(_ARRAY, body))
    try:
        array = decode_values(encoded)
    except (msgspec.DecodeError, ValueError):
        return
    assert isinstance(array, np.ndarray)
    assert not array.dtype.hasobject


OLD = np.dtype([("key", "<u8"), ("gone", "<i4"), ("ranks", "u1", (3,))], align=True)
NEW = np.dtype([("ranks", "u1", (3,)), ("added", "<f8"), ("key", "<u8")], align=True)


def old_records() -> NDArray[np.void]:
    records = np.zeros(3, OLD)
    records["key"] = [2**63, 7, 1]
    records["gone"] = 5
    records["ranks"] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    return records


def test_fields_are_fitted_by_name() -> None:
    records = fitted(old_records(), NEW)
    assert records.dtype == NEW
    assert records["key"].tolist() == [2**63, 7, 1]
    assert records["ranks"].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert records["added"].tolist() == [0.0, 0.0, 0.0]


def test_records_of_todays_layout_stay_as_they_are() -> None:
    records = old_records()
    assert fitted(records, OLD) is records


def test_a_wider_number_is_taken_a_narrower_one_refused() -> None:
    narrow = np.dtype([("key", "<u4")])
    wide = np.dtype([("key", "<u8")])
    assert fitted(np.array([(9,)], narrow), wide)["key"].tolist() == [9]
    with pytest.raises(ValueError, match="key"):
        fitted(np.array([(9,)], wide), narrow)


@pytest.mark.parametrize("shape", [(1,), (2,), (3, 1), ()])
def test_a_field_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    other = np.dtype([("key", "<u8"), ("ranks", "u1", shape)])
    with pytest.raises(ValueError, match="ranks"):
        fitted(np.zeros(3, other), NEW)
