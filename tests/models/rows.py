"""Batches of bare rows: a time, an account and a number, nothing of what requests show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.requests.batch import BREADTHS, MEASURES, EventBatch


class Row(NamedTuple):
    """A request: microseconds, account key."""

    time: int
    account: int


def batch_of(rows: Sequence[tuple[int, int]], first: int = 0) -> EventBatch:
    """The rows as a batch; `request` of row i is its number, `first` + i, plus one."""
    count = len(rows)
    numbers = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    nothing = np.zeros(count, np.uint64)
    measures = np.zeros((count, len(MEASURES)), np.int64)
    measures[:, MEASURES.index("requests")] = 1
    return EventBatch(
        time=np.array([time for time, _ in rows], np.int64),
        epoch=np.zeros(count, np.int64),
        position=np.zeros(count, np.int64),
        account=np.array([account for _, account in rows], np.uint64),
        request=numbers,
        reference=numbers,
        measures=measures,
        marks=np.zeros((count, len(BREADTHS)), np.uint64),
        owner=nothing,
        plan=np.zeros(count, np.int64),
        created=np.zeros(count, np.int64),
        payment=nothing,
        network=nothing,
        ties=np.empty(0, np.uint64),
        tie_ends=np.zeros(count, np.int64),
        names=[f"account-{account}" for _, account in rows],
        ids=[f"request-{number}" for number in numbers.tolist()],
        clear={},
    )
