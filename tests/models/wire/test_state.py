from __future__ import annotations

import io
import pickle
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.wire.state import MAGIC, VERSION, decode_state, encode_state
from schemas.errors import InvalidRecord

LAYOUT = np.dtype(
    [("key", np.uint64), ("small", np.uint8), ("ranks", np.float32, (3,)), ("last", np.int16)],
    align=True,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.binary(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", max_size=3) | st.integers(0, 2**64 - 1), inner, max_size=3)
    ),
    max_leaves=12,
)
states = st.dictionaries(st.text("abc", max_size=4), values, max_size=4)


def sealed(body: bytes) -> bytes:
    """A state with this content, well-formed or not."""
    digest = blake2b(body, digest_size=16, person=b"gauger-state-%d" % VERSION).digest()
    return MAGIC + bytes([VERSION]) + digest + body


def records(count: int) -> np.ndarray[Any, np.dtype[np.void]]:
    array = np.zeros(count, LAYOUT)
    array["key"] = np.arange(count, dtype=np.uint64) + np.uint64(2**63)
    array["ranks"] = np.arange(3 * count).reshape(count, 3) / 7
    array["last"] = -np.arange(count)
    return array


@given(states)
def test_plain_states_come_back(state: dict[str, Any]) -> None:
    assert decode_state(encode_state(state)) == state


@pytest.mark.parametrize("count", [0, 1, 500])
def test_nested_arrays_come_back_with_their_types(count: int) -> None:
    state = {"stage": [{"records": records(count), 7: np.ones((2, 3), np.float32)}], "n": 1}
    back = decode_state(encode_state(state))
    array = back["stage"][0]["records"]
    assert array.dtype == LAYOUT
    assert np.array_equal(array, records(count))
    assert back["stage"][0][7].tolist() == np.ones((2, 3)).tolist()
    array["key"] = 5  # what is loaded goes on living


def test_numbers_of_arrays_come_back_as_plain_numbers() -> None:
    back = decode_state(encode_state({"a": np.int64(-4), "b": np.float64(0.5), "c": np.True_}))
    assert back == {"a": -4, "b": 0.5, "c": True}
    assert [type(value) for value in back.values()] == [int, float, bool]


def test_views_and_slices_are_written_as_what_they_show() -> None:
    whole = np.arange(20).reshape(4, 5)
    back = decode_state(encode_state({"view": whole[::2, 1:3], "part": records(9)[2:5]}))
    assert back["view"].tolist() == whole[::2, 1:3].tolist()
    assert np.array_equal(back["part"], records(9)[2:5])


def test_nothing_between_the_fields_of_a_record_is_written() -> None:
    dirty = np.frombuffer(b"\xa5" * LAYOUT.itemsize * 4, LAYOUT).copy()
    clean = np.zeros(4, LAYOUT)
    assert LAYOUT.names is not None
    for name in LAYOUT.names:
        clean[name] = dirty[name]
    assert encode_state({"records": dirty}) == encode_state({"records": clean})


@given(st.integers(0, 10_000))
def test_a_truncated_state_is_refused(place: int) -> None:
    data = encode_state({"records": records(40), "name": "x" * 50})
    with pytest.raises(InvalidRecord):
        decode_state(data[: place % len(data)])


@given(st.binary(max_size=60))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidRecord):
        decode_state(b"\x00" + garbage)
    with pytest.raises(InvalidRecord):
        decode_state(MAGIC + bytes([VERSION]) + garbage)


@given(st.data())
def test_a_single_damaged_byte_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(encode_state({"records": records(3), "list": [1, 2.5, "x"]}))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidRecord):
        decode_state(bytes(whole))


@given(st.binary(max_size=60))
def test_what_is_sealed_but_no_state_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidRecord, match="damaged"):
        decode_state(sealed(b"\xc1" + garbage))
    body = msgspec.msgpack.encode({"a": msgspec.msgpack.Ext(1, b"\x93NUMQY" + garbage)})
    with pytest.raises(InvalidRecord, match="damaged"):
        decode_state(sealed(body))


@pytest.mark.parametrize("version", [0, VERSION + 1, 255])
def test_another_version_is_refused_by_its_number(version: int) -> None:
    data = encode_state({"a": 1})
    other = data[: len(MAGIC)] + bytes([version]) + data[len(MAGIC) + 1 :]
    with pytest.raises(InvalidRecord, match=str(version)):
        decode_state(other)


def test_a_state_is_a_table() -> None:
    with pytest.raises(InvalidRecord, match="not a table"):
        decode_state(sealed(msgspec.msgpack.encode([1, 2])))


def test_objects_are_neither_written_nor_read() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        encode_state({"objects": np.array([{"a": 1}], object)})
    with pytest.raises(TypeError):
        encode_state({"object": io.BytesIO()})
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([{"a": 1}], object), allow_pickle=True)
    body = msgspec.msgpack.encode({"a": msgspec.msgpack.Ext(1, buffer.getvalue())})
    with pytest.raises(InvalidRecord, match="damaged"):
        decode_state(sealed(body))
    with pytest.raises(InvalidRecord):
        decode_state(pickle.dumps({"a": 1}))
    other = msgspec.msgpack.encode({"a": msgspec.msgpack.Ext(3, b"")})
    with pytest.raises(InvalidRecord, match="extension"):
        decode_state(sealed(other))


@pytest.mark.parametrize("length", range(len(MAGIC) + 20))
def test_a_state_that_ends_within_its_head_is_refused(length: int) -> None:
    reason = "damaged" if length > len(MAGIC) else "version 0" if length == len(MAGIC) else "not a"
    with pytest.raises(InvalidRecord, match=reason):
        decode_state(encode_state({"a": 1})[:length])
