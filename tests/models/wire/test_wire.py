"""Messages as frames: every kind comes back, whatever the cut; what is damaged is refused."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.layouts import EDGE
from models.wire.arrays import encode_values
from models.wire.codec import FRAME_BYTES, WIRE_VERSION, Assembler, read_frame, to_frames
from models.wire.protocol import Ask, Progress
from schemas.errors import InvalidRecord
from tests.models.wire_messages import KINDS, any_message, content, messages, names, sizes


def joined(frames: Sequence[bytes]) -> list[Any]:
    """Messages in the order in which they become complete."""
    assembler = Assembler()
    found = [assembler.add(read_frame(frame)) for frame in frames]
    assert assembler.incomplete() == []
    return [message for message in found if message is not None]


def test_every_kind_of_message_is_tried() -> None:
    assert set(messages) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_messages_come_back(kind: type, data: st.DataObject) -> None:
    message = data.draw(messages[kind])
    most = data.draw(st.sampled_from([FRAME_BYTES, 1_000, 100]))
    [back] = joined(to_frames(message, most))
    assert content(back) == content(message)


@settings(max_examples=40)
@given(st.lists(any_message, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_frames_may_come_mixed_and_repeated(several: list[Any], random: Any) -> None:
    frames = [frame for message in several for frame in to_frames(message, 300)]
    frames += random.sample(frames, len(frames) // 3)
    random.shuffle(frames)
    assembler = Assembler()
    found = [assembler.add(read_frame(frame)) for frame in frames]
    back = [repr(content(message)) for message in found if message is not None]
    assert set(back) == {repr(content(message)) for message in several}
    waiting = assembler.incomplete()
    assert (assembler.give_up(1.0), assembler.incomplete()) == (waiting, [])


def test_no_frame_is_larger_than_a_record_may_be() -> None:
    message = Ask(7, list(range(2**40, 2**40 + 100_000)))
    frames = to_frames(message)
    assert len(frames) > 1
    assert max(map(len, frames)) < FRAME_BYTES + 64
    assert joined(frames) == [message]


def test_a_message_waits_for_its_last_frame() -> None:
    first, *middle, last = to_frames(Ask(7, list(range(1_000))), 200)
    assembler = Assembler()
    assert [assembler.add(read_frame(frame)) for frame in [first, *middle]] == [None] * (
        1 + len(middle)
    )
    assert assembler.incomplete() == [read_frame(last).digest]
    assert assembler.add(read_frame(last)) == Ask(7, list(range(1_000)))


def test_a_message_is_given_up_unless_it_is_sent_anew() -> None:
    first, *rest = [read_frame(frame) for frame in to_frames(Ask(7, list(range(500))), 200)]
    other, *_ = [read_frame(frame) for frame in to_frames(Ask(8, list(range(500))), 200)]
    assembler = Assembler()
    for frame, time in ((first, 10.0), (other, 20.0), (first, 40.0)):
        assembler.add(frame, time)
    assert assembler.give_up(20.0) == []
    assert assembler.give_up(40.0) == [other.digest]
    assert [assembler.add(frame, 50.0) for frame in rest][-1] == Ask(7, list(range(500)))
    assert assembler.give_up(90.0) == []


def refused(frames: Sequence[bytes]) -> bool:
    """Whether the frames make no message; anything but their refusal is an error."""
    assembler = Assembler()
    try:
        found = [assembler.add(read_frame(frame)) for frame in frames]
    except InvalidRecord:
        return True
    return found == [None] * len(frames)


@given(any_message, st.sampled_from([FRAME_BYTES, 200]), st.data())
def test_a_damaged_byte_leaves_no_message(message: Any, most: int, data: st.DataObject) -> None:
    frames = [bytearray(frame) for frame in to_frames(message, most)]
    frame = data.draw(st.sampled_from(frames))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    assert refused([bytes(one) for one in frames])


@given(any_message, st.data())
def test_a_frame_of_another_version_leaves_no_message(message: Any, data: st.DataObject) -> None:
    frames = [bytearray(frame) for frame in to_frames(message, 200)]
    frame = data.draw(st.sampled_from(frames))
    assert frame[1] == WIRE_VERSION
    frame[1] = data.draw(st.integers(0, 127).filter(lambda version: version != WIRE_VERSION))
    assert refused([bytes(one) for one in frames])


@given(any_message, st.integers(0, 10_000))
def test_a_truncated_frame_is_refused(message: Any, place: int) -> None:
    [frame] = to_frames(message)
    with pytest.raises(InvalidRecord):
        read_frame(frame[: place % len(frame)])


@given(st.binary(max_size=50))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidRecord):
        read_frame(b"\xc1" + garbage)


parts = st.none() | st.integers(-3, 3) | st.binary(max_size=8) | st.lists(sizes, max_size=1)


@given(
    st.lists(st.lists(parts, max_size=5).map(lambda values: [WIRE_VERSION, *values]), max_size=3)
)
def test_frames_of_other_parts_are_refused(several: list[list[Any]]) -> None:
    assert refused([encode_values(values) for values in several])


_values = st.recursive(
    st.none() | st.integers(-3, 300) | st.sampled_from([b"", "Rows", np.zeros(2, EDGE)]),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(names, inner, max_size=2),
    max_leaves=10,
)


@given(st.sampled_from([kind.__name__ for kind in KINDS]) | names, _values)
def test_a_message_of_another_release_is_read_or_refused(name: str, values: Any) -> None:
    body = encode_values([name, values])
    digest = blake2b(body, digest_size=8, person=b"gauger-wire-%d" % WIRE_VERSION).digest()
    frame = read_frame(encode_values([WIRE_VERSION, digest, 0, 1, body]))
    try:
        message = Assembler().add(frame)
    except InvalidRecord:
        return
    assert type(message).__name__ == name


def test_another_wire_version_is_refused_by_its_number() -> None:
    [frame] = to_frames(Progress(1))
    values = msgspec.msgpack.decode(frame)
    with pytest.raises(InvalidRecord, match=f"version {WIRE_VERSION + 1}"):
        read_frame(msgspec.msgpack.encode([WIRE_VERSION + 1, *values[1:]]))
