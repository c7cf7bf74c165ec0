"""Clusters: ties that overlap in members, joined softly; their identity outlives the members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

OVERLAP = 0.5
"""Share of one side that a tie and a cluster must have in common to be joined."""

_LEAST_COMMON = 3
_NAMED_SHARE = 0.4


@dataclass(slots=True)
class TieFinding:
    """A tie that stands out, with its members.

    Attributes:
        key: Tie key.
        score: Log odds; p_value: against ordinary ties of its kind.
        accounts: Member keys; `counts` their requests through the tie.
        affinities: How much each member's own ranks speak for a campaign, in standard deviations of
            ordinary accounts.
        inputs: The pooled inputs, for explanations.
        stands_out: Whether it suffices for a finding of its own.
    """

    key: int
    score: float
    p_value: float
    q_value: float
    first_epoch: int
    accounts: NDArray[np.uint64]
    counts: NDArray[np.int32]
    affinities: NDArray[np.float64]
    inputs: NDArray[np.float64]
    stands_out: bool

    def dump(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Cluster:
    """A finding in the making: ties and the accounts behind them.

    Attributes:
        id: The entity's id; made from the first tie, kept for ever.
        first_epoch: Epoch in which it was found.
        ties: Latest state of each tie that holds it, by key.
        holdings: Ties held, by account key.
        affinities: Latest affinity, by account key.
        named: Account keys that alerts have named.
    """

    id: str
    first_epoch: int
    last_epoch: int
    best: int
    p_value: float
    q_value: float
    ties: dict[int, TieFinding] = field(default_factory=dict)
    holdings: dict[int, set[int]] = field(default_factory=dict)
    affinities: dict[int, float] = field(default_factory=dict)
    named: dict[int, int] = field(default_factory=dict)
    sequence: int = -1
    announced: int = 0
    severity: str = ""
    closed: bool = False

    def add(self, tie: TieFinding, epoch: int) -> None:
        """Take a tie in, or its newest state."""
        self.ties[tie.key] = tie
        self.last_epoch = epoch
        if tie.p_value < self.p_value or tie.key == self.best:
            self.best = tie.key
            self.p_value = min(self.p_value, tie.p_value)
            self.q_value = min(self.q_value, tie.q_value)
        for account, affinity in zip(tie.accounts.tolist(), tie.affinities.tolist(), strict=True):
            self.holdings.setdefault(account, set()).add(tie.key)
            self.affinities[account] = affinity

    def common(self, tie: TieFinding) -> int:
        """How many of the tie's members are the cluster's."""
        return sum(account in self.holdings for account in tie.accounts.tolist())

    def takes(self, tie: TieFinding) -> bool:
        """Whether the tie belongs here: half of its members are the cluster's accounts.

        A tie that stands out by itself also belongs when half of the cluster's accounts are its
        members; any other large tie would swallow the cluster, since everybody shares something
        with everybody.
        """
        common = self.common(tie)
        if common < min(_LEAST_COMMON, len(self.holdings)):
            return False
        inside = common >= OVERLAP * len(tie.accounts)
        return inside or (tie.stands_out and common >= OVERLAP * len(self.holdings))

    @property
    def fresh(self) -> list[int]:
        """Accounts worth naming that no alert has named."""
        return [account for account in self.convincing() if account not in self.named]

    def convincing(self) -> list[int]:
        """Accounts worth naming: those whose own behaviour is like the cluster's, ascending.

        Sharing alone is not enough, since honest accounts sit behind the same addresses: an account
        is named when its affinity reaches two fifths of the median member's.
        """
        accounts = sorted(self.holdings)
        median = float(np.median([self.affinities[account] for account in accounts]))
        least = _NAMED_SHARE * median if median > 0 else -np.inf
        return [account for account in accounts if self.affinities[account] >= least]


class Clusters:
    """All clusters, and which tie belongs to which."""

    def __init__(self) -> None:
        self.all: dict[str, Cluster] = {}
        self.by_tie: dict[int, str] = {}

    def find(self, tie: TieFinding) -> Cluster | None:
        """The cluster that the tie belongs to: the one that holds it, else the largest overlap."""
        held = self.by_tie.get(tie.key)
        if held is not None:
            return self.all[held]
        fitting = [cluster for cluster in self.all.values() if cluster.takes(tie)]
        if not fitting:
            return None
        return max(fitting, key=lambda cluster: (cluster.common(tie), cluster.id))

    def put(self, cluster: Cluster, tie: TieFinding, epoch: int) -> None:
        """Join the tie to the cluster."""
        self.all[cluster.id] = cluster
        self.by_tie[tie.key] = cluster.id
        cluster.add(tie, epoch)

    def dump(self) -> list[dict[str, Any]]:
        """The state as plain values and arrays."""
        return [
            {
                "id": cluster.id,
                "epochs": [cluster.first_epoch, cluster.last_epoch],
                "best": cluster.best,
                "values": [cluster.p_value, cluster.q_value],
                "ties": [tie.dump() for tie in cluster.ties.values()],
                "holdings": {account: sorted(ties) for account, ties in cluster.holdings.items()},
                "affinities": cluster.affinities,
                "named": cluster.named,
                "told": [cluster.sequence, cluster.announced, cluster.severity, cluster.closed],
            }
            for cluster in self.all.values()
        ]

    def load(self, state: list[Mapping[str, Any]]) -> None:
        """Take what `dump` gave."""
        for saved in state:
            sequence, announced, severity, closed = saved["told"]
            first_epoch, last_epoch = saved["epochs"]
            p_value, q_value = saved["values"]
            best = saved["best"]
            cluster = Cluster(saved["id"], first_epoch, last_epoch, best, p_value, q_value)
            cluster.sequence, cluster.announced = sequence, announced
            cluster.severity, cluster.closed = severity, closed
            for fields in saved["ties"]:
                tie = TieFinding(**fields)
                cluster.ties[tie.key] = tie
                self.by_tie[tie.key] = cluster.id
            cluster.holdings = {int(key): set(ties) for key, ties in saved["holdings"].items()}
            cluster.affinities = {int(key): value for key, value in saved["affinities"].items()}
            cluster.named = {int(key): value for key, value in saved["named"].items()}
            self.all[cluster.id] = cluster
