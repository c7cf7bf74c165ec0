"""The traffic as the console knows it: accounts, what they did when, who showed which tie."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.requests.batch import MEASURES, EventBatch
from stream.console.accounts import Accounts
from stream.console.cells import BUCKET, Cells, Records

_REFUSED, _TOKENS = MEASURES.index("refused"), MEASURES.index("tokens")
_KEPT_SHARE = 0.75
_DIGEST = re.compile(r"[0-9a-f]{1,16}")

Integers = NDArray[np.int64]


def tie_key(digest: str) -> int:
    """The key of a tie by its digest in an alert; 0 of what is none."""
    return int(digest, 16) if _DIGEST.fullmatch(digest) else 0


class Traffic:
    """What requests came to, in bounded memory.

    Args:
        most_accounts: Accounts that may be kept; beyond that the longest idle quarter is dropped,
            unless findings name them.
        most_cells: Pairs of account and quarter of an hour that may be kept.

    Attributes:
        accounts: Sums by account.
        cells: Counts by account and bucket.
        totals: Requests, refused ones and tokens of all accounts, by bucket.
        shown: How often accounts (by name) have shown each watched tie, by the tie's key.
        requests: Requests so far.
    """

    def __init__(self, most_accounts: int = 500_000, most_cells: int = 16_000_000) -> None:
        self._most_accounts = most_accounts
        self.accounts = Accounts()
        self.cells = Cells(most_cells)
        self.totals: dict[int, Integers] = {}
        self.shown: dict[int, dict[str, int]] = {}
        self.requests = 0
        self._watched = np.zeros(0, np.uint64)
        self._named: set[str] = set()

    def watch(self, ties: Iterable[int], named: Iterable[str]) -> None:
        """From now on note who shows these ties, and never drop these accounts."""
        fresh = set(ties) - self.shown.keys() - {0}
        self.shown.update((tie, {}) for tie in fresh)
        self._named.update(named)
        if fresh:
            self._watched = np.array(sorted(self.shown), np.uint64)

    def add(self, batch: EventBatch) -> None:
        """Count a batch of requests."""
        if not len(batch):
            return
        rows = self.accounts.add(batch)
        buckets = batch.time // BUCKET
        refused, tokens = batch.measures[:, _REFUSED], batch.measures[:, _TOKENS]
        self.cells.add(rows, buckets, refused, tokens)
        self._add_totals(buckets, refused, tokens)
        self._note_ties(batch)
        self.requests += len(batch)
        if len(self.accounts) > self._most_accounts:
            self._drop_idle()

    def _add_totals(self, buckets: Integers, refused: Integers, tokens: Integers) -> None:
        found, inverse = np.unique(buckets, return_inverse=True)
        sums = np.zeros((len(found), 3), np.int64)
        np.add.at(sums, inverse, np.stack([np.ones_like(refused), refused, tokens], axis=1))
        for bucket, several in zip(found.tolist(), sums, strict=True):
            self.totals[bucket] = self.totals.get(bucket, 0) + several

    def _note_ties(self, batch: EventBatch) -> None:
        if not len(self._watched):
            return
        places = np.searchsorted(self._watched, batch.ties)
        places[places == len(self._watched)] = 0
        hits = np.flatnonzero(self._watched[places] == batch.ties)
        rows = np.searchsorted(batch.tie_ends, hits, side="right")
        for tie, row in zip(batch.ties[hits].tolist(), rows.tolist(), strict=True):
            shown, name = self.shown[tie], batch.names[row]
            shown[name] = shown.get(name, 0) + 1

    def _drop_idle(self) -> None:
        table = self.accounts.table
        order = np.argsort(table["last"], kind="stable")
        kept = np.ones(len(table), np.bool_)
        kept[order[: len(table) - int(self._most_accounts * _KEPT_SHARE)]] = False
        named = (self.accounts.row(name) for name in self._named)
        kept[[row for row in named if row is not None]] = True
        self.cells.renumber(self.accounts.keep(kept))

    def forget(self, name: str) -> None:
        """Drop an account, but for its part in the totals."""
        row = self.accounts.row(name)
        if row is not None:
            self.cells.renumber(self.accounts.keep(np.arange(len(self.accounts)) != row))
        for shown in self.shown.values():
            shown.pop(name, None)

    def rows(self, names: Iterable[str]) -> Integers:
        """Rows of accounts; those that have sent nothing are left out."""
        found = (self.accounts.row(name) for name in names)
        return np.array([row for row in found if row is not None], np.int64)

    def cells_of(self, names: Iterable[str]) -> Records:
        """Cells of accounts by name."""
        return self.cells.of(self.rows(names))

    def span(self) -> tuple[int, int] | None:
        """First and last bucket with a request; None before the first."""
        return (min(self.totals), max(self.totals)) if self.totals else None
