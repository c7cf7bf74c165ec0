"""Batches as plain values and arrays, as narrow as they fit: every byte is moved many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.requests.batch import BREADTHS, PLAIN_COLUMNS, EventBatch

_NUMBERED = ("epoch", "position", "plan", "tie_ends")
_KEPT = tuple(name for name in PLAIN_COLUMNS if name not in {*_NUMBERED, "measures", "marks"})
_WIDTHS = (np.int8, np.int16, np.int32, np.int64)
_SCRIPTS = BREADTHS.index("scripts")
_WIDEST_SCRIPTS = np.uint64(255)
_ONE = np.uint64(1)

Whole = NDArray[np.int64]
Marks = NDArray[np.uint64]


def to_columns(batch: EventBatch) -> dict[str, Any]:
    """The batch as plain values and arrays."""
    columns: dict[str, Any] = {name: getattr(batch, name) for name in _KEPT}
    for name in _NUMBERED:
        columns[name] = _narrow(getattr(batch, name))
    columns["measures"] = _narrow_columns(batch.measures)
    columns["marks"] = _numbers_of_bits(batch.marks)
    return {**columns, "names": batch.names, "ids": batch.ids, "clear": batch.clear}


def from_columns(columns: Mapping[str, Any]) -> EventBatch:
    """The batch that `to_columns` gave; earlier ones had some columns as they are in a batch.

    Raises:
        KeyError: A column is missing.
        ValueError: A column has not the shape that it should have.
    """
    return EventBatch(
        **{name: columns[name] for name in _KEPT},
        epoch=_widened(columns["epoch"]),
        position=_widened(columns["position"]),
        plan=_widened(columns["plan"]),
        tie_ends=_widened(columns["tie_ends"]),
        measures=_widened_columns(columns["measures"]),
        marks=_bits_of_numbers(columns["marks"]),
        names=columns["names"],
        ids=columns["ids"],
        clear=columns["clear"],
    )


def _width(least: int, most: int) -> type[np.signedinteger[Any]]:
    fits = (np.iinfo(kind).min <= least and most <= np.iinfo(kind).max for kind in _WIDTHS)
    return _WIDTHS[list(fits).index(True)]


def _narrow(numbers: Whole) -> list[Any]:
    """The least of the numbers, and how far each is above it."""
    if not numbers.size:
        return [0, numbers.astype(np.int8)]
    least = int(numbers.min())
    above = numbers - least
    return [least, above.astype(_width(0, int(above.max())))]


def _widened(column: Any) -> Whole:
    if isinstance(column, np.ndarray):
        return column.astype(np.int64)
    least, above = column
    widened: Whole = above.astype(np.int64) + least
    return widened


def _narrow_columns(table: Whole) -> list[Any]:
    """The columns in groups of one width, each with the places of its columns."""
    least = table.min(axis=0, initial=0).tolist()
    most = table.max(axis=0, initial=0).tolist()
    groups: dict[type, list[int]] = {}
    for place, edges in enumerate(zip(least, most, strict=True)):
        groups.setdefault(_width(*edges), []).append(place)
    return [[places, table[:, places].astype(kind)] for kind, places in groups.items()]


def _widened_columns(groups: Any) -> Whole:
    if isinstance(groups, np.ndarray):
        return groups.astype(np.int64)
    out = np.zeros((len(groups[0][1]), sum(len(places) for places, _ in groups)), np.int64)
    for places, columns in groups:
        out[:, places] = columns
    return out


def _numbers_of_bits(marks: Marks) -> Marks | list[NDArray[np.uint8]]:
    """For each mark the number of its bit plus one, 0 where there is none; scripts as they are.

    Marks of several bits, which rows of many requests have, are left alone.
    """
    several = marks & (marks - _ONE)
    several[:, _SCRIPTS] = marks[:, _SCRIPTS] > _WIDEST_SCRIPTS
    if several.any():
        return marks
    # A power of two is exact as floating point, and its exponent the number of its bit.
    numbers = np.frexp(marks.astype(np.float64))[1].astype(np.uint8)
    return [numbers, marks[:, _SCRIPTS].astype(np.uint8)]


def _bits_of_numbers(numbers: Marks | Sequence[NDArray[np.uint8]]) -> Marks:
    if isinstance(numbers, np.ndarray):
        return numbers
    places, scripts = numbers
    marks = np.where(places > 0, _ONE << (places.astype(np.uint64) - _ONE), np.uint64(0))
    marks[:, _SCRIPTS] = scripts
    return marks
