from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.requests.request_sketch import RequestSketcher, RequestSketches
from models.requests.sketch import LEAST_UNSAMPLED, MOST_FRAGMENTS
from models.requests.sketch_record import (
    DAMAGED,
    SKETCH_VERSION,
    UNKNOWN_KEY,
    UNKNOWN_VERSION,
    decode_sketches,
    encode_sketches,
)
from tests.strategies import KEY, unicode_texts

ID = "0badcafe"
SKETCHER = RequestSketcher(KEY)
TEXTS = st.lists(st.tuples(unicode_texts, unicode_texts), min_size=1, max_size=6)

Texts = list[tuple[str, str]]


def made(texts: Texts) -> tuple[RequestSketches, list[str]]:
    """Sketches of pairs of prompt and system text, and their records."""
    prompts, systems = [pair[0] for pair in texts], [pair[1] for pair in texts]
    sketches = SKETCHER.sketch(prompts, systems)
    return sketches, encode_sketches(sketches, systems, ID)


def wanted(records: list[str]) -> list[tuple[str, ...]]:
    return [(ID,)] * len(records)


def rows_of(sketches: RequestSketches) -> list[tuple[frozenset[int], frozenset[int], int, int]]:
    """Each request's fragments of prompt and system text, characters and scripts."""
    prompts = np.split(sketches.prompt, sketches.prompt_ends[:-1])
    systems = np.split(sketches.system, sketches.system_ends[:-1])
    plain = zip(sketches.characters.tolist(), sketches.scripts.tolist(), strict=True)
    return [
        (frozenset(prompt.tolist()), frozenset(system.tolist()), *rest)
        for prompt, system, rest in zip(prompts, systems, plain, strict=False)
    ]


def packed(**changes: Any) -> str:
    """A record with chosen fields, in the order of the wire."""
    fields: dict[str, Any] = {
        "version": SKETCH_VERSION, "key": ID, "prompt": b"", "system": b"", "scripts": 0,
        "characters": 3, "system_characters": 0, "weights": 0, "intents": [],
    }  # fmt: skip
    fields |= changes
    return base64.b64encode(msgspec.msgpack.encode(list(fields.values()))).decode()


def fragments(*hashes: int) -> bytes:
    return np.array(hashes, "<u8").tobytes()


@given(TEXTS)
def test_what_is_written_is_read_again(texts: Texts) -> None:
    sketches, records = made(texts)
    read = decode_sketches(records, wanted(records))
    assert read.rows == list(range(len(texts)))
    assert not read.dropped
    assert rows_of(read.sketches) == rows_of(sketches)


@given(TEXTS)
def test_records_under_two_keys_are_read_under_either(texts: Texts) -> None:
    sketches, single = made(texts)
    other = RequestSketcher(KEY[::-1]).sketch(*map(list, zip(*texts, strict=True)))
    records = encode_sketches(sketches, [pair[1] for pair in texts], ID, ("deadbeef", other))
    for keys, first, renewed in (
        ((ID,), sketches, None),
        (("deadbeef",), other, None),
        ((ID, "deadbeef"), sketches, other),
        (("deadbeef", ID), other, sketches),
        (("0", "deadbeef"), other, None),
    ):
        read = decode_sketches(records, [keys] * len(records))
        assert rows_of(read.sketches) == rows_of(first)
        if renewed is None:
            assert not len(read.renewed.prompt) + len(read.renewed.system)
        else:
            assert rows_of(read.renewed) == rows_of(renewed)
    assert not decode_sketches(records, [("0",)] * len(records)).rows
    # As long as one key holds, records are as they always were.
    assert encode_sketches(sketches, [pair[1] for pair in texts], ID) == single


@given(TEXTS)
def test_sketches_of_one_call_do_not_touch_each_other(texts: Texts) -> None:
    _, together = made(texts)
    assert together == [record for pair in texts for record in made([pair])[1]]


@given(TEXTS, TEXTS, st.randoms())
def test_replaced_rows_are_the_others_and_the_rest_stays(
    texts: Texts, others: Texts, random: Any
) -> None:
    base, new = made(texts)[0], made(others)[0]
    rows = sorted(random.sample(range(len(texts)), min(len(texts), len(others))))
    records = made(others[: len(rows)])[1]
    new = decode_sketches(records, wanted(records)).sketches
    expected = rows_of(base)
    for row, other in zip(rows, rows_of(new), strict=True):
        expected[row] = other
    assert rows_of(base.replaced(rows, new)) == expected


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (packed(version=SKETCH_VERSION + 1), UNKNOWN_VERSION),
        (packed(version=0, key="", prompt=None), UNKNOWN_VERSION),
        (packed(key="deadbeef"), UNKNOWN_KEY),
        (packed(prompt=fragments(5, 4)), DAMAGED),
        (packed(prompt=fragments(4, 4)), DAMAGED),
        (packed(prompt=fragments(0, 4)), DAMAGED),
        (packed(system=fragments(4, int(LEAST_UNSAMPLED))), DAMAGED),
        (packed(prompt=b"1234567"), DAMAGED),
        (packed(prompt=fragments(*range(1, MOST_FRAGMENTS + 2))), DAMAGED),
        (packed(prompt=fragments(*range(1, 1_000_000))), DAMAGED),
        (packed(scripts=256), DAMAGED),
        (packed(characters=-1), DAMAGED),
        (packed(characters=2**31), DAMAGED),
        (packed(more=1), DAMAGED),
        (packed(key="deadbeef", more=[ID, b"", fragments(5, 4)]), DAMAGED),
        (packed(more=["deadbeef", b"1234567", b""]), DAMAGED),
        (packed(key="deadbeef", more=["0badf00d", b"", b""]), UNKNOWN_KEY),
        (packed(intents=[0.5] * 33), DAMAGED),
        (packed()[:-4], DAMAGED),
        (packed() + "\n", DAMAGED),
        (base64.b64encode(b"\x91" * 4_000).decode(), DAMAGED),
        (base64.b64encode(b"\x92\x02" + b"\x91" * 4_000).decode(), DAMAGED),
        ("", DAMAGED),
        ("ä", DAMAGED),
        ("\ud800", DAMAGED),
    ],
)
def test_a_sketch_that_cannot_be_used_is_dropped_alone(record: str, reason: str) -> None:
    good = made([("one two three four five six seven " * 9, "")])[1][0]
    read = decode_sketches([good, record, packed(), good], [(ID,)] * 4)
    assert read.rows == [0, 2, 3]
    assert read.dropped == Counter({reason: 1})
    rows = rows_of(read.sketches)
    assert rows[0] == rows[2]
    assert rows[1] == (frozenset(), frozenset(), 3, 0)


@given(st.lists(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode())))
def test_nothing_makes_it_raise(records: list[str]) -> None:
    read = decode_sketches(records, wanted(records))
    assert len(read.rows) + read.dropped.total() == len(records)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_record_never_leaves_more_than_a_text_could(damage: bytes, place: int) -> None:
    whole = base64.b64decode(made([("words " * 400 + "of a prompt", "You are.")])[1][0])
    bent = base64.b64encode(whole[:place] + damage + whole[place + len(damage) :]).decode()
    sketches = decode_sketches([bent], [(ID,)]).sketches
    for column in (sketches.prompt, sketches.system):
        assert len(column) <= MOST_FRAGMENTS
        assert len(set(column.tolist())) == len(column)
        assert (column < LEAST_UNSAMPLED).all()


def test_the_longest_sketch_fits() -> None:
    text = " ".join(chr(0x4E00 + place % 20_000) for place in range(20_000))
    sketches, (record,) = made([(text, text)])
    assert len(sketches.prompt) == len(sketches.system) == MOST_FRAGMENTS
    read = decode_sketches([record], [(ID,)])
    assert rows_of(read.sketches) == rows_of(sketches)
