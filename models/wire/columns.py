"""Columns by name: records and arrays of older formats, which had fewer, as today's have them.

Features, measures and breadths are columns of arrays. What they are in which order belongs to the
version of the state and of the wire; a signal that is added makes a new version of both, and its
list of columns of before is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.baseline import MIDDLE
from models.pooling import input_names
from models.requests.batch import BREADTHS, MEASURES
from models.signals import ACCOUNT_FEATURES, TIE_FEATURES

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, in their order."""

    features: tuple[str, ...]
    inputs: tuple[str, ...]
    measures: tuple[str, ...]
    breadths: tuple[str, ...]


def _inputs(features: Sequence[str], ties: Sequence[str]) -> tuple[str, ...]:
    parts = ("level", "oddness", "alike")
    return (*(f"{name}.{part}" for part in parts for name in features), *ties)


TODAY = Columns(
    tuple(feature.name for feature in ACCOUNT_FEATURES),
    tuple(input_names(ACCOUNT_FEATURES, TIE_FEATURES)),
    MEASURES,
    BREADTHS,
)

_FEATURES_3 = (
    "networks", "clients", "end_users", "models", "scripts", "toolsets", "turnover", "input",
    "output", "text", "input_spread", "output_spread", "text_spread", "single_turn", "cached",
    "reasoning", "cut", "repetition", "shapes", "refused", "failed", "night", "day", "idle", "pace",
    "bursts", "age", "ramp", "volume",
)  # fmt: skip
_TIES_3 = (
    "dispersion", "variation", "each", "members", "dominance", "owners", "payments",
    "networks_shared", "hidden", "joining",
)  # fmt: skip
OF_STATE_3 = Columns(
    _FEATURES_3,
    _inputs(_FEATURES_3, _TIES_3),
    (
        "requests", "known_input", "log_input", "log_input_squared", "known_output", "log_output",
        "log_output_squared", "known_messages", "single_turn", "cached_share", "reasoning",
        "refused", "cut", "failed", "texts", "log_characters", "log_characters_squared",
        "fragments",
    ),
    (
        "networks", "clients", "end_users", "sessions", "models", "scripts", "shapes", "toolsets",
    ),
)  # fmt: skip
"""Columns of states up to version 3, and of messages up to version 2 of the wire."""


def moved(
    array: Array, before: Sequence[str], now: Sequence[str], axis: int, missing: float = 0
) -> Array:
    """The array with its columns (along the axis) in another order, some added, some dropped.

    Raises:
        ValueError: It has not the columns of before.
    """
    if array.shape[axis] != len(before):
        raise ValueError(f"{array.shape[axis]} columns, not {len(before)}")
    shape = list(array.shape)
    shape[axis] = len(now)
    out = np.full(shape, missing, array.dtype)
    known = [place for place, name in enumerate(now) if name in before]
    sources = [before.index(now[place]) for place in known]
    np.moveaxis(out, axis, 0)[known] = np.moveaxis(array, axis, 0)[sources]
    return out


def records_moved(records: Array, before: Columns, now: Columns) -> Array:
    """Records whose fields of several columns are brought from one order into another."""
    values = {}
    for name in records.dtype.names or ():
        names = _field_columns(records, name, before, now)
        missing = MIDDLE if name == "ranks" else 0
        values[name] = records[name] if names is None else moved(records[name], *names, 1, missing)
    layout = [(name, value.dtype, value.shape[1:]) for name, value in values.items()]
    out = np.zeros(len(records), np.dtype(layout, align=True))
    for name, value in values.items():
        out[name] = value
    return out


def _field_columns(
    records: Array, name: str, before: Columns, now: Columns
) -> tuple[Sequence[str], Sequence[str]] | None:
    """Names of a field's columns before and now, if it has columns."""
    statistics = "known" in (records.dtype.names or ())
    if name in ("ranks", "squares") or (name == "sums" and statistics):
        return before.features, now.features
    if name in ("measures", "sums"):
        return before.measures, now.measures
    if name in ("marks", "old_marks"):
        return before.breadths, now.breadths
    return None


def state_moved(state: Any, before: Columns, now: Columns) -> Any:
    """A state, or a part of one, with all its columns from one order in another."""
    if isinstance(state, dict):
        return {key: _part_moved(key, value, before, now) for key, value in state.items()}
    if isinstance(state, list):
        return [state_moved(value, before, now) for value in state]
    if isinstance(state, np.ndarray) and state.dtype.names:
        return records_moved(state, before, now)
    return state


def _part_moved(key: Any, value: Any, before: Columns, now: Columns) -> Any:
    places = {
        "histogram": (before.features, now.features, 1, 0),
        "medians": (before.features, now.features, 0, 0),
        "rows": (before.features, now.features, 1, MIDDLE),
        "tables": (before.features, now.features, 1, MIDDLE),
        "inputs": (before.inputs, now.inputs, 0, 0),
        "measures": (before.measures, now.measures, 1, 0),
        "marks": (before.breadths, now.breadths, 1, 0),
    }
    if isinstance(value, np.ndarray) and not value.dtype.names and key in places:
        return moved(value, *places[key])
    if key == "trees" and value:
        return [splits_moved(value[0], before, now), *value[1:]]
    if key == "sample" and isinstance(value, list):
        return [[priority, _row_moved(row, before, now)] for priority, row in value]
    return state_moved(value, before, now)


def splits_moved(features: Array, before: Columns, now: Columns) -> Array:
    """Which features trees split on, counted in another order."""
    places = [now.features.index(name) if name in now.features else 0 for name in before.features]
    return np.array(places, features.dtype)[features]


def _row_moved(row: bytes, before: Columns, now: Columns) -> bytes:
    ranks = np.frombuffer(row, np.uint8)
    return moved(ranks, before.features, now.features, 0, MIDDLE).tobytes()
