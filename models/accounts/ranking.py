"""Ranking: where the accounts of a closed epoch stand in the population, told to ties and head."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray

from models.accounts.partial import EpochPartial
from models.evidence.baseline import FEATURES, MIDDLE
from models.features import BINS, ProfileView
from models.kernels import accounts as kernels
from models.kernels.table import mix_all
from models.layouts import BANNED, EDGE
from models.requests.kinds import KIND_BITS
from models.signals import ACCOUNT_FEATURES
from models.wire.messages import AccountScores, Control, TieBatch

SAMPLE = 32
"""Accounts of an epoch that may teach the population model, over all partitions."""

_TOLD = ["account", "owner", "payment", "network"]
_LEAST_REQUESTS = 3
_LOWS = np.array([feature.low for feature in ACCOUNT_FEATURES])
_SCALES = (BINS - 1) / (np.array([feature.high for feature in ACCOUNT_FEATURES]) - _LOWS)


class RankedAccounts:
    """The accounts of one partition that were active in an epoch, after folding.

    Args:
        epoch: The closed epoch, which ends at `now` (microseconds).
        partial: What they did in it.
        profiles: Their profiles, in the partial's order.
        control: The head's latest word: ranks, population model.
    """

    def __init__(
        self,
        epoch: int,
        now: int,
        partial: EpochPartial,
        profiles: NDArray[np.void],
        control: Control,
    ) -> None:
        self._epoch = epoch
        self._partial = partial
        self._profiles = profiles
        self._control = control
        self._cohorts = profiles["plan"].astype(np.intp)
        self._bins = _all_bins(ProfileView(profiles, now))
        self._ranks = np.full(self._bins.shape, MIDDLE, np.uint8)
        if control.tables is not None:
            kernels.to_ranks(self._cohorts, self._bins, control.tables, self._ranks)
        self.due = (profiles["contributes"] <= epoch) & (profiles["lifetime"] >= _LEAST_REQUESTS)
        ordinary = (profiles["flagged"] == 0) & (profiles["status"] != BANNED)
        self._teaching = np.flatnonzero(self.due & ordinary)

    @cached_property
    def _oddity(self) -> NDArray[np.intp]:
        """Bin of each account's score by the population model."""
        if self._control.trees is None:
            return np.zeros(len(self._ranks), np.intp)
        score = self._control.trees.score(self._ranks)
        return np.clip(np.rint(score * (BINS - 1)), 0, BINS - 1).astype(np.intp)

    def lessons(self) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """Cohorts and bins of the accounts that teach the baseline, one row an account."""
        return self._cohorts[self._teaching], self._bins[self._teaching]

    def oddities(self) -> NDArray[np.int64]:
        """Accounts that teach, by bin of oddity."""
        return np.bincount(self._oddity[self._teaching], minlength=BINS)

    def sample(self) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
        """Priorities and ranks of those teaching accounts that come first.

        The priority is a hash of account and epoch; the smallest come first.
        """
        if self._control.tables is None or not len(self._teaching):
            return np.empty(0, np.uint64), np.empty((0, FEATURES), np.uint8)
        salt = np.uint64(self._epoch * 0x9E3779B97F4A7C15 % 2**64)
        priorities = mix_all(self._profiles["account"][self._teaching] ^ salt)
        order = np.argsort(priorities)[:SAMPLE]
        return priorities[order], self._ranks[self._teaching[order]]

    def scores(self, names: list[str], slots: NDArray[np.int32]) -> AccountScores:
        """Scores of the accounts that came due.

        `names` are by slot, `slots` those of the accounts here.
        """
        tail = self._control.oddity_tail
        chosen = np.flatnonzero(self.due) if tail is not None else np.empty(0, np.intp)
        return AccountScores(
            names=[names[slot] for slot in slots[chosen].tolist()],
            p_values=tail[self._oddity[chosen]] if tail is not None else np.empty(0),
            requests=self._partial.partials["measures"][chosen, 0],
            bins=self._bins[chosen],
            ranks=self._ranks[chosen],
        )

    def tie_batches(self, partitions: int) -> list[TieBatch]:
        """A batch for each tie partition, with the accounts and values that its edges speak of."""
        edges = _with_payments(self._partial.edges, self._profiles)
        requests = np.minimum(self._profiles["lifetime"], 2**31 - 1).astype(np.int32)
        # Packed: a view would take the room of whole profiles on the wire.
        accounts = repack_fields(self._profiles[_TOLD], align=True)
        clear: list[dict[int, str]] = [{} for _ in range(partitions)]
        for key, text in self._partial.clear.items():
            clear[(key >> KIND_BITS) % partitions][key] = text
        target = (edges["tie"] >> np.uint64(KIND_BITS)) % np.uint64(partitions)
        batches = []
        for number in range(partitions):
            shown = edges[target == number]
            told = np.zeros(len(accounts), np.bool_)
            told[shown["slot"]] = True
            shown["slot"] = (np.cumsum(told, dtype=np.int32) - 1)[shown["slot"]]
            ranked = self._control.tables is not None
            batch = accounts[told], requests[told], self._ranks[told], ranked
            batches.append(TieBatch(*batch, shown, clear[number]))
        return batches


def _all_bins(view: ProfileView) -> NDArray[np.uint8]:
    """Bin of every feature, one row an account; a value that is not finite counts as the lowest."""
    # A row a feature until the end: what is computed whole is written whole.
    values = np.stack([feature.compute(view) for feature in ACCOUNT_FEATURES])
    values -= _LOWS[:, np.newaxis]
    values *= _SCALES[:, np.newaxis]
    values[~np.isfinite(values)] = 0.0
    np.clip(np.rint(values, out=values), 0, BINS - 1, out=values)
    return np.ascontiguousarray(values.astype(np.uint8).T)


def _with_payments(edges: NDArray[np.void], profiles: NDArray[np.void]) -> NDArray[np.void]:
    """Edges with those added that follow from payments known as facts."""
    paying = np.flatnonzero(profiles["stated_payment"] != 0)
    if not len(paying):
        return edges
    extra = np.zeros(len(paying), EDGE)
    extra["slot"] = paying
    extra["tie"] = profiles["stated_payment"][paying]
    extra["count"] = 1
    return np.concatenate([edges, extra])
