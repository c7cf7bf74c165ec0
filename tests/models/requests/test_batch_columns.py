"""Batches as narrow columns come back as they were, whatever their numbers are."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.requests.batch import BREADTHS, MEASURES, EventBatch
from models.requests.batch_columns import from_columns, to_columns
from models.requests.ingestion import BatchBuilder
from models.wire.arrays import decode_values, encode_values
from tests.strategies import KEY, events

_NUMBER = st.one_of(
    *(st.integers(-(2**bits), 2**bits - 1) for bits in (7, 15, 31, 61)), st.integers(0, 1)
)
_BIT = st.integers(0, 63).map(lambda bit: 1 << bit) | st.just(0)
_MARK = _BIT | st.integers(0, 2**64 - 1)


def _same(one: EventBatch, other: EventBatch) -> None:
    for field in fields(EventBatch):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
        assert np.array_equal(mine, theirs), field.name


@st.composite
def _batches(draw: st.DrawFn) -> EventBatch:
    batch = BatchBuilder(KEY).build(draw(st.lists(events, min_size=1, max_size=5)))
    count = len(batch)

    def whole(*more: int) -> Any:
        return draw(arrays(np.int64, (count, *more), elements=_NUMBER))

    marks = arrays(np.uint64, (count, len(BREADTHS)), elements=draw(st.sampled_from([_BIT, _MARK])))
    return replace(
        batch,
        epoch=whole(),
        position=whole(),
        measures=whole(len(MEASURES)),
        marks=draw(st.just(batch.marks) | marks),
    )


@given(_batches())
def test_narrow_columns_give_back_the_batch(batch: EventBatch) -> None:
    _same(from_columns(decode_values(encode_values(to_columns(batch)))), batch)


def test_a_batch_without_rows_comes_back() -> None:
    batch = BatchBuilder(KEY).build([])
    _same(from_columns(decode_values(encode_values(to_columns(batch)))), batch)


@given(_batches())
def test_columns_as_they_were_written_before_are_read(batch: EventBatch) -> None:
    plain = {field.name: getattr(batch, field.name) for field in fields(EventBatch)}
    _same(from_columns(plain), batch)
