"""Columnar batches: what is left of request events once their text and identifiers are hashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from models.kernels.batch import gather_ragged

MEASURES = (
    "requests",
    "known_input",
    "log_input",
    "log_input_squared",
    "known_output",
    "log_output",
    "log_output_squared",
    "known_messages",
    "single_turn",
    "cached_share",
    "reasoning",
    "refused",
    "cut",
    "failed",
    "texts",
    "log_characters",
    "log_characters_squared",
    "fragments",
    "tokens",
    "log_samples",
)
"""Additive measures of a request, all integers: logarithms are log2(1 + x) in 1/256.

`tokens` are read and written ones, `log_samples` the logarithm (log2 n) of the completions asked
for. The order is part of the state and of the wire (`models.wire.columns`).
"""

BREADTHS = (
    "networks",
    "clients",
    "end_users",
    "sessions",
    "models",
    "scripts",
    "shapes",
    "toolsets",
    "routes",
    "countries",
    "techniques",
)
"""What an account can be broad in: each request sets one bit of 64 by the hash of its value.

`techniques` are texts that were refused, each told by one of its fragments.
"""

PLANS = {
    "free": 1,
    "payg": 2,
    "pro": 3,
    "team": 3,
    "plus": 3,
    "enterprise": 4,
    "education": 5,
    "research": 5,
    "startup": 5,
}
"""Plan groups, which are the cohorts: facts that the provider sets, not the customer."""

COHORTS = 6

PROGRAMMES = PLANS["education"]
"""The group of plans that are given on application: education, research, start-ups."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """n request events as arrays, one row each.

    Attributes:
        time: Microseconds since 1970, int64[n].
        epoch: The epoch that the row counts in, which its source decides, int64[n].
        position: Where reading its source stood when the row was believed, int64[n].
        account: Account keys, uint64[n].
        request: Hash of (account, id, time), uint64[n].
        reference: Hash of (account, id), uint64[n].
        measures: int64[n, len(MEASURES)].
        marks: One bit (or none) a breadth, uint64[n, len(BREADTHS)].
        owner: Hash of the organisation, 0 where unknown, uint64[n].
        plan: Plan group, int64[n].
        created: Sign-up in microseconds, 0 where unknown, int64[n].
        payment: Tie key of the payment instrument, 0 where unknown, uint64[n].
        network: Tie key of the network (/24 or /48), 0 where unknown, uint64[n].
        ties: Tie keys of all rows in one array, uint64[m].
        tie_ends: Where each row's tie keys end, int64[n].
        names: Accounts as the provider names them.
        ids: Request ids as the provider names them.
        clear: Tie keys of values that may be shown, with the value.
    """

    time: NDArray[np.int64]
    epoch: NDArray[np.int64]
    position: NDArray[np.int64]
    account: NDArray[np.uint64]
    request: NDArray[np.uint64]
    reference: NDArray[np.uint64]
    measures: NDArray[np.int64]
    marks: NDArray[np.uint64]
    owner: NDArray[np.uint64]
    plan: NDArray[np.int64]
    created: NDArray[np.int64]
    payment: NDArray[np.uint64]
    network: NDArray[np.uint64]
    ties: NDArray[np.uint64]
    tie_ends: NDArray[np.int64]
    names: list[str]
    ids: list[str]
    clear: dict[int, str]

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray[np.intp]) -> EventBatch:
        """The batch of these rows, in this order."""
        ties, tie_ends = gather_ragged(self.ties, self.tie_ends, rows)
        return EventBatch(
            self.time[rows],
            self.epoch[rows],
            self.position[rows],
            self.account[rows],
            self.request[rows],
            self.reference[rows],
            self.measures[rows],
            self.marks[rows],
            self.owner[rows],
            self.plan[rows],
            self.created[rows],
            self.payment[rows],
            self.network[rows],
            ties,
            tie_ends,
            [self.names[row] for row in rows],
            [self.ids[row] for row in rows],
            self.clear,
        )


def alone(batch: EventBatch, row: int) -> EventBatch:
    """One row of a batch, to be kept for long: with no more in clear than it shows itself."""
    one = batch.take(np.array([row], np.intp))
    shown = {key: batch.clear[key] for key in one.ties.tolist() if key in batch.clear}
    return replace(one, clear=shown)


PLAIN_COLUMNS = tuple(
    field.name for field in fields(EventBatch) if field.name not in {"names", "ids", "clear"}
)
"""Columns that are arrays."""


def concatenate(batches: Sequence[EventBatch]) -> EventBatch:
    """The rows of these batches (at least one) one after the other."""
    if len(batches) == 1:
        return batches[0]
    columns = {
        name: np.concatenate([getattr(batch, name) for batch in batches])
        for name in PLAIN_COLUMNS
        if name != "tie_ends"
    }
    starts = np.cumsum([0, *(len(batch.ties) for batch in batches[:-1])])
    ends = [batch.tie_ends + start for batch, start in zip(batches, starts, strict=True)]
    return EventBatch(
        **columns,
        tie_ends=np.concatenate(ends),
        names=[name for batch in batches for name in batch.names],
        ids=[one for batch in batches for one in batch.ids],
        clear={key: text for batch in batches for key, text in batch.clear.items()},
    )
