"""Messages of every kind, as Hypothesis makes them, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import msgspec
import numpy as np
from hypothesis import strategies as st
from numpy.lib.recfunctions import repack_fields

from models.evidence.baseline import FEATURES, TreeArrays
from models.features import BINS
from models.layouts import EDGE, PROFILE
from models.requests.batch import COHORTS
from models.requests.ingestion import BatchBuilder
from models.tie_layouts import MEMBER
from models.ties.stage import STATISTICS
from models.wire.arrays import encode_values
from models.wire.messages import (
    AccountReport,
    AccountScores,
    Control,
    Holder,
    TieBatch,
    TieOptions,
    TieReport,
)
from models.wire.messages import TestedTies as ListedTies
from models.wire.protocol import (
    AccountsClosed,
    Admitted,
    Answer,
    Ask,
    Close,
    Concluded,
    ConcludedTies,
    Facts,
    Forget,
    Progress,
    Rows,
    Standing,
    TieRows,
    TiesClosed,
    ToAccounts,
    ToHead,
    ToSources,
    ToTies,
    Verdicts,
)
from tests.strategies import KEY, events, keys

BUILDER = BatchBuilder(KEY)
KINDS = list(
    dict.fromkeys(
        kind for union in (ToAccounts, ToTies, ToHead, ToSources) for kind in get_args(union)
    )
)

names = st.text("abc/-é", max_size=6)
epochs = st.integers(-1, 2**31 - 1)
positions = st.integers(-1, 2**62)
sizes = st.integers(0, 5)
texts = st.dictionaries(keys, names, max_size=3)


def filled(shape: tuple[int, ...], kind: Any) -> st.SearchStrategy[Any]:
    """Arrays of a type, filled with a byte; true values are written as 1."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    most = 1 if kind is np.bool_ else 120
    return st.integers(0, most).map(
        lambda byte: np.frombuffer(bytes([byte]) * size, kind).reshape(shape)
    )


def rows_of(kind: Any, *columns: int) -> st.SearchStrategy[Any]:
    return sizes.flatmap(lambda count: filled((count, *columns), kind))


trees = st.builds(TreeArrays, rows_of(np.int32, 7), rows_of(np.float64, 7), rows_of(np.float64, 7))
controls = st.builds(
    Control,
    st.none() | filled((COHORTS, FEATURES, BINS), np.uint8),
    st.none() | trees,
    st.none() | filled((BINS,), np.float64),
    st.lists(keys, max_size=3),
    st.lists(keys, max_size=3),
)
options = st.builds(
    TieOptions, epochs, st.floats(-9, 9), epochs, st.frozensets(keys), st.booleans()
)
holders = st.builds(Holder, names, epochs, positions, positions, names, positions, st.booleans())
tie_batches = st.builds(
    TieBatch,
    rows_of(repack_fields(PROFILE[["account", "owner", "payment", "network"]], align=True)),
    rows_of(np.int32),
    rows_of(np.uint8, FEATURES),
    st.booleans(),
    rows_of(EDGE),
    texts,
)
scores = st.builds(
    AccountScores,
    st.lists(names, max_size=3),
    rows_of(np.float64),
    rows_of(np.int64),
    rows_of(np.uint8, FEATURES),
    rows_of(np.uint8, FEATURES),
)
reports = st.builds(
    AccountReport,
    st.just([]),
    rows_of(np.intp),
    rows_of(np.uint8, FEATURES),
    filled((BINS,), np.int64),
    rows_of(np.uint64),
    rows_of(np.uint8, FEATURES),
    epochs,
    scores,
    st.lists(keys, max_size=3),
    st.lists(keys, max_size=3),
)
tested = st.builds(
    ListedTies,
    rows_of(STATISTICS),
    rows_of(np.float64),
    rows_of(np.float64, 9),
    rows_of(np.int32),
    rows_of(np.bool_),
    rows_of(MEMBER),
    rows_of(np.int64),
    texts,
)
batches = st.lists(events, min_size=1, max_size=6).map(BUILDER.build)
facts = st.tuples(positions, keys, positions, st.dictionaries(names, positions, max_size=2))
verdicts = st.tuples(
    *(positions, positions, names, st.sampled_from(["confirm", "dismiss"])),
    *(positions, st.sampled_from(["", "ties", "accounts"])),
)
messages: dict[type, st.SearchStrategy[Any]] = {
    Rows: st.builds(Rows, names, positions, positions, st.none() | batches),
    Facts: st.builds(Facts, names, positions, positions, st.lists(facts, max_size=3)),
    Close: st.builds(Close, epochs, st.dictionaries(names, positions, max_size=3)),
    Ask: st.builds(Ask, epochs, st.lists(keys, max_size=4)),
    Forget: st.builds(Forget, keys, names),
    Concluded: st.builds(Concluded, epochs, controls, st.booleans()),
    TieRows: st.builds(TieRows, sizes, epochs, tie_batches),
    ConcludedTies: st.builds(ConcludedTies, epochs, options),
    Standing: st.builds(
        Standing, names, positions, st.none() | positions, st.lists(epochs, max_size=3), names
    ),
    AccountsClosed: st.builds(AccountsClosed, sizes, epochs, reports),
    TiesClosed: st.builds(
        TiesClosed, sizes, epochs, st.builds(TieReport, tested, sizes, sizes, sizes)
    ),
    Verdicts: st.builds(Verdicts, names, positions, positions, st.lists(verdicts, max_size=3)),
    Answer: st.builds(Answer, sizes, epochs, st.dictionaries(keys, holders, max_size=3)),
    Admitted: st.builds(Admitted, names, epochs, epochs, positions),
    Progress: st.builds(Progress, epochs),
}
any_message = st.one_of(list(messages.values()))


def content(value: Any) -> Any:
    """A message as plain values: arrays by type, shape and bytes; sequences alike."""
    if isinstance(value, np.ndarray):
        return [value.dtype, value.shape, encode_values(value)]
    if is_dataclass(value):
        return [type(value), *(content(getattr(value, one.name)) for one in fields(value))]
    if isinstance(value, msgspec.Struct):
        return [type(value), *(content(part) for part in msgspec.structs.astuple(value))]
    value = sorted(value) if isinstance(value, frozenset) else value
    if isinstance(value, Mapping):
        return {key: content(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [content(part) for part in value]
    return value
