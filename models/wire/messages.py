"""Messages: what the account stage, the tie stage and the head tell each other once an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evidence.baseline import TreeArrays
from schemas.alert import AlertEvent
from schemas.score import ScoreRecord


@dataclass(frozen=True, slots=True)
class TieBatch:
    """What one account partition tells one tie partition about one epoch: accounts, edges between.

    `edges["slot"]` points into the account columns; `accounts` has fields account, owner, payment
    and network (keys); `ranks` mean nothing before the baseline is ready (`ranked` is False then).
    """

    accounts: NDArray[np.void]
    requests: NDArray[np.int32]
    ranks: NDArray[np.uint8]
    ranked: bool
    edges: NDArray[np.void]
    clear: dict[int, str]


@dataclass(frozen=True, slots=True)
class AccountScores:
    """Accounts that got a score in an epoch.

    Their names, p-values, requests in the epoch, and bins and ranks of their features.
    """

    names: list[str]
    p_values: NDArray[np.float64]
    requests: NDArray[np.int64]
    bins: NDArray[np.uint8]
    ranks: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What an account partition sends on closing an epoch.

    A batch for each tie partition, a summary for the head. `cohorts` and `bins` are those of the
    accounts that teach the baseline, one row each, `oddity` counts them by bin of oddity; `sample`
    holds the ranks of those with the smallest `priorities`. `banned` and `reinstated` are keys of
    the accounts that were banned with this epoch, and of those whose ban was lifted.
    """

    tie_batches: list[TieBatch]
    cohorts: NDArray[np.intp]
    bins: NDArray[np.uint8]
    oddity: NDArray[np.int64]
    priorities: NDArray[np.uint64]
    sample: NDArray[np.uint8]
    requests: int
    scores: AccountScores
    banned: Sequence[int] = ()
    reinstated: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class TestedTies:
    """Ties that were tested in an epoch, or are watched and grew; sorted by key.

    `members` lists the members of the listed ties one after the other; `member_ends[i]` is where
    those of tie i end (ties whose members nobody asked for have none).
    """

    statistics: NDArray[np.void]
    scores: NDArray[np.float64]
    inputs: NDArray[np.float64]
    first_epochs: NDArray[np.int32]
    tested: NDArray[np.bool_]
    members: NDArray[np.void]
    member_ends: NDArray[np.int64]
    clear: dict[int, str]


CROSSING = np.dtype([("tie", np.uint64), ("account", np.uint64), ("issued", np.bool_)], align=True)
"""One account that has shown a signature, and whether it was issued to it, else presented only."""


@dataclass(frozen=True, slots=True)
class TieReport:
    """What a tie partition tells the head about one epoch.

    `crossings` are the signatures that a further account has shown, one row for each account that
    has shown them by now, in ascending order; no more accounts are listed than it takes to say that
    there are too many.
    """

    ties: TestedTies
    singles: int
    tie_count: int
    member_count: int
    crossings: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, CROSSING))


@dataclass(slots=True)
class TieOptions:
    """What the head lets the tie partitions know.

    Attributes:
        epoch_seconds: Length of an epoch.
        listed_score: Ties of at least this score are listed with their members.
        most_members: Beyond this a tie is common property and only counts its volume.
        watched: Tie keys that hold a cluster; they are listed whenever they have new members.
        list_all: List the members of every tested tie (for fitting and for feature dumps).
    """

    epoch_seconds: int
    listed_score: float = 0.0
    most_members: int = 65_536
    watched: frozenset[int] = field(default_factory=frozenset)
    list_all: bool = False

    def dump(self) -> list[Any]:
        """The options as plain values."""
        return [
            self.epoch_seconds, self.listed_score, self.most_members,
            sorted(self.watched), self.list_all,
        ]  # fmt: skip

    @classmethod
    def load(cls, values: Sequence[Any]) -> TieOptions:
        """The options that `dump` gave."""
        seconds, score, most, watched, list_all = values
        return cls(seconds, score, most, frozenset(watched), list_all)


@dataclass(slots=True)
class Control:
    """What the head broadcasts after each epoch.

    Attributes:
        tables: Ranks by cohort, feature and bin; None until the baseline is ready.
        trees: The population model; None until it has learned.
        oddity_tail: Share of ordinary accounts at least as odd, by bin of oddity; None as above.
        flagged: Keys of accounts newly named by a finding: they teach the baseline no more.
        released: Keys of accounts whose finding was dismissed.
    """

    tables: NDArray[np.uint8] | None = None
    trees: TreeArrays | None = None
    oddity_tail: NDArray[np.float64] | None = None
    flagged: Sequence[int] = ()
    released: Sequence[int] = ()

    def dump(self) -> dict[str, Any]:
        """The record as plain values and arrays."""
        trees = self.trees
        return {
            "tables": self.tables,
            "trees": trees and [trees.features, trees.thresholds, trees.masses],
            "oddity_tail": self.oddity_tail,
            "flagged": list(self.flagged),
            "released": list(self.released),
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Control:
        """The record that `dump` gave."""
        trees = state["trees"]
        return cls(
            state["tables"],
            None if trees is None else TreeArrays(*trees),
            state["oddity_tail"],
            list(state["flagged"]),
            list(state["released"]),
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """What the head may ask of an account.

    Its name, requests so far, one request to look up, whether it is banned; keys of its owner and
    of the payment instrument and network that it showed last, 0 where unknown.
    """

    name: str
    requests: int
    first: int
    last: int
    example_id: str
    example_time: int
    banned: bool = False
    owner: int = 0
    payment: int = 0
    network: int = 0


@dataclass(slots=True)
class RowCounts:
    """Rows by what became of them."""

    added: int = 0
    duplicates: int = 0
    reused_ids: int = 0


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the head says at the end of an epoch.

    `unknown_verdicts` are alert ids that people have judged and that no finding has.
    """

    alerts: list[AlertEvent]
    scores: list[ScoreRecord]
    control: Control
    ties: TieOptions
    unknown_verdicts: Sequence[str] = ()


def without_account(batch: TieBatch, account: int) -> TieBatch:
    """The batch without an account and what it showed."""
    kept = batch.accounts["account"] != np.uint64(account)
    if kept.all():
        return batch
    edges = batch.edges[kept[batch.edges["slot"]]]
    edges["slot"] = (np.cumsum(kept) - 1)[edges["slot"]]
    shown = set(edges["tie"].tolist())
    return TieBatch(
        batch.accounts[kept],
        batch.requests[kept],
        batch.ranks[kept],
        batch.ranked,
        edges,
        {key: text for key, text in batch.clear.items() if key in shown},
    )


def joined_batches(batches: Sequence[TieBatch]) -> TieBatch:
    """The batches of one epoch as one."""
    if len(batches) == 1:
        return batches[0]
    sizes = [len(batch.accounts) for batch in batches]
    edges = np.concatenate([batch.edges for batch in batches])
    starts = np.cumsum([0, *sizes[:-1]])
    edges["slot"] += np.repeat(starts, [len(batch.edges) for batch in batches]).astype(np.int32)
    accounts = np.empty(sum(sizes), batches[0].accounts.dtype)
    for start, size, batch in zip(starts.tolist(), sizes, batches, strict=True):
        accounts[start : start + size] = batch.accounts
    return TieBatch(
        accounts,
        np.concatenate([batch.requests for batch in batches]),
        np.concatenate([batch.ranks for batch in batches]),
        any(batch.ranked for batch in batches),
        edges,
        {key: text for batch in batches for key, text in batch.clear.items()},
    )
