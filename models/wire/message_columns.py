"""Messages of older releases, which had fewer columns, as today's have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from models.evidence.baseline import MIDDLE, TreeArrays
from models.tie_layouts import MEMBER
from models.wire.arrays import fitted
from models.wire.columns import OF_STATE_3, TODAY, Array, moved, records_moved, splits_moved
from models.wire.messages import AccountReport, AccountScores, Control, TestedTies, TieBatch
from models.wire.protocol import AccountsClosed, Concluded, Rows, TieRows, TiesClosed

_BEFORE, _NOW = OF_STATE_3, TODAY


def with_todays_columns(message: Any) -> Any:
    """A message of the wire before version 3 with the features, measures and breadths of today.

    Raises:
        ValueError: It has not the columns of that version.
    """
    change = _CHANGES.get(type(message))
    return message if change is None else change(message)


def _features(array: Array, missing: float) -> Array:
    return moved(array, _BEFORE.features, _NOW.features, 1, missing)


def _rows(message: Rows) -> Rows:
    batch = message.batch
    if batch is None:
        return message
    measures = moved(batch.measures, _BEFORE.measures, _NOW.measures, 1)
    marks = moved(batch.marks, _BEFORE.breadths, _NOW.breadths, 1)
    return replace(message, batch=replace(batch, measures=measures, marks=marks))


def _tie_rows(message: TieRows) -> TieRows:
    batch: TieBatch = message.batch
    return replace(message, batch=replace(batch, ranks=_features(batch.ranks, MIDDLE)))


def _concluded(message: Concluded) -> Concluded:
    control: Control = message.control
    trees, tables = control.trees, control.tables
    if trees is not None:
        splits = splits_moved(trees.features, _BEFORE, _NOW)
        trees = TreeArrays(splits, trees.thresholds, trees.masses)
    if tables is not None:
        tables = _features(tables, MIDDLE)
    return replace(message, control=replace(control, trees=trees, tables=tables))


def _accounts_closed(message: AccountsClosed) -> AccountsClosed:
    report: AccountReport = message.report
    scores: AccountScores = report.scores
    scores = replace(scores, bins=_features(scores.bins, 0), ranks=_features(scores.ranks, MIDDLE))
    sample = _features(report.sample, MIDDLE)
    report = replace(report, bins=_features(report.bins, 0), sample=sample, scores=scores)
    return replace(message, report=report)


def _ties_closed(message: TiesClosed) -> TiesClosed:
    ties: TestedTies = message.report.ties
    statistics = records_moved(ties.statistics, _BEFORE, _NOW)
    new = [place for place, name in enumerate(_NOW.features) if name not in _BEFORE.features]
    for name, rank in (("sums", MIDDLE), ("squares", MIDDLE**2)):
        statistics[name][:, new] = statistics["known"][:, None] * np.int64(rank)
    ties = replace(
        ties,
        statistics=statistics,
        inputs=moved(ties.inputs, _BEFORE.inputs, _NOW.inputs, 1),
        members=fitted(records_moved(ties.members, _BEFORE, _NOW), MEMBER),
    )
    return replace(message, report=replace(message.report, ties=ties))


_CHANGES: dict[type, Callable[[Any], Any]] = {
    Rows: _rows,
    TieRows: _tie_rows,
    Concluded: _concluded,
    AccountsClosed: _accounts_closed,
    TiesClosed: _ties_closed,
}
