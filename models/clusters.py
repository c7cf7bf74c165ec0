"""Clusters: ties that overlap in members, joined softly; their identity outlives the members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

import numpy as np

from models.tie_finding import TieFinding

OVERLAP = 0.6
"""Share of a tie's members that a cluster's core must hold for the tie to join it."""

_LEAST_COMMON = 3
_CORE_SHARE = 0.2
_KEPT = 0.3
_NAMED_SHARE = 0.4
_LEAST_PHRASES = 3


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
        paid: Tie keys of the payment instruments of those accounts.
        banned: Those of them that were banned. Their ties stay: who takes them up replaces them.
        strength: The most accounts that were named and at large.
        verdict: What people said of it last, at the event time `judged` (microseconds).
        until: When a dismissal ends, microseconds of event time; 0: never.
        scope: `accounts` where a dismissal is about the accounts named, whatever they share.
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
    _core: set[int] | None = None
    named: dict[int, int] = field(default_factory=dict)
    paid: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)
    strength: int = 0
    sequence: int = -1
    severity: str = ""
    closed: bool = False
    verdict: str = ""
    judged: int = 0
    until: int = 0
    scope: str = ""

    @property
    def dismissed(self) -> bool:
        """Whether the last verdict on it says that there is nothing behind it."""
        return self.verdict == "dismiss"

    def add(self, tie: TieFinding, epoch: int) -> None:
        """Take a tie in, or its newest state; a tie that once stood out goes on doing so."""
        known = self.ties.get(tie.key)
        tie.stands_out |= known is not None and known.stands_out
        self.ties[tie.key] = tie
        self.last_epoch = epoch
        if tie.p_value < self.p_value or tie.key == self.best:
            self.best = tie.key
            self.p_value = min(self.p_value, tie.p_value)
            self.q_value = min(self.q_value, tie.q_value)
        for account, affinity in zip(tie.accounts.tolist(), tie.affinities.tolist(), strict=True):
            self.holdings.setdefault(account, set()).add(tie.key)
            if not tie.causes:
                self.affinities[account] = affinity
        self._core = None

    @property
    def proven(self) -> set[int]:
        """Accounts that belong whatever their ranks say."""
        proving = (tie for tie in self.ties.values() if tie.causes or tie.payer_of)
        return {account for tie in proving for account in tie.accounts.tolist()}

    @property
    def core(self) -> set[int]:
        """Accounts that belong beyond doubt.

        They hold a fifth as many ties as the account that holds most, and two or one that stands
        out by itself. (A share of all ties would leave nobody, where a campaign is dealt over many
        payments.) Only they draw further ties in and are named; else each loosely joined tie would
        bring strangers, and they the next tie.
        """
        if self._core is None:
            strong = {key for key, tie in self.ties.items() if tie.stands_out}
            most = max((len(held) for held in self.holdings.values()), default=0)
            self._core = {
                account
                for account, held in self.holdings.items()
                if len(held) >= _CORE_SHARE * most and (len(held) > 1 or held & strong)
            } | self.proven
        return self._core

    def drop(self, key: int) -> None:
        """Let a tie go, with what only it brought."""
        del self.ties[key]
        # Not its present members alone: a tie that was forgotten and came back has others.
        for account in [one for one, held in self.holdings.items() if key in held]:
            self.holdings[account].discard(key)
            if not self.holdings[account]:
                del self.holdings[account]
                self.affinities.pop(account, None)
        self._core = None

    def forget(self, account: int) -> None:
        """Drop an account; the alerts that have named it stay said."""
        for tie in self.ties.values():
            tie.forget(account)
        self.holdings.pop(account, None)
        self.affinities.pop(account, None)
        self.named.pop(account, None)
        self.banned.discard(account)
        self.strength = min(self.strength, len(self.named))
        self._core = None

    def excuse(self, accounts: Iterable[int]) -> None:
        """Drop those of these accounts that no alert of this finding has named."""
        for account in accounts:
            if account in self.holdings and account not in self.named:
                self.forget(account)

    def keeps(self, tie: TieFinding) -> bool:
        """Whether a tie that belonged here still does: it has not grown far beyond the core."""
        return tie.key == self.best or self.common(tie) >= _KEPT * len(tie.accounts)

    def common(self, tie: TieFinding) -> int:
        """How many of the tie's members are in the cluster's core."""
        return sum(account in self.core for account in tie.accounts.tolist())

    def takes(self, tie: TieFinding) -> bool:
        """Whether the tie belongs here: most of its members are in the cluster's core.

        The cluster's own side does not count: everybody shares something with everybody, so some
        large tie always holds most of a cluster, and would swallow it.
        """
        common = self.common(tie)
        return common >= min(_LEAST_COMMON, len(self.core)) and common >= OVERLAP * len(
            tie.accounts
        )

    def note_bans(self, banned: Iterable[int], reinstated: Iterable[int]) -> None:
        """Take in which accounts were banned, and of which the ban was lifted."""
        self.banned.update(account for account in banned if account in self.named)
        self.banned.difference_update(reinstated)

    @property
    def at_large(self) -> int:
        """How many of the accounts that alerts have named are not banned."""
        return len(self.named) - len(self.banned)

    @property
    def fresh(self) -> list[int]:
        """Accounts worth naming that no alert has named."""
        return [account for account in self.convincing() if account not in self.named]

    def convincing(self) -> list[int]:
        """Accounts worth naming: those whose own behaviour is like the cluster's, ascending.

        Sharing alone is not enough, since honest accounts sit behind the same addresses: an account
        is named when its affinity reaches two fifths of the median member's, or where it is proven.
        Nor is a phrase or two that it has a habit of: a text leaves fragments by the dozen.
        """
        known = {
            account: self.affinities[account] for account in self.core if account in self.affinities
        }
        median = float(np.median(list(known.values()))) if known else 0.0
        least = _NAMED_SHARE * median if median > 0 else -np.inf
        alike = {
            account
            for account, affinity in known.items()
            if affinity >= least and self._shares_enough(account)
        }
        return sorted(alike | self.proven)

    def _shares_enough(self, account: int) -> bool:
        held = [self.ties[key] for key in self.holdings.get(account, ())]
        return len(held) >= _LEAST_PHRASES or not all(tie.is_habit_of(account) for tie in held)


class Clusters:
    """All clusters, which tie belongs to which, and the ties of those that were dismissed."""

    def __init__(self) -> None:
        self.all: dict[str, Cluster] = {}
        self.by_tie: dict[int, str] = {}
        self.dismissed: set[int] = set()

    def let_go(self, cluster: Cluster) -> None:
        """Dismiss a cluster: its ties count no more."""
        for key in cluster.ties:
            del self.by_tie[key]
        self.dismissed.update(cluster.ties)

    def take_back(self, cluster: Cluster) -> None:
        """Undo the dismissal of a cluster."""
        self.dismissed.difference_update(cluster.ties)
        self.by_tie.update(dict.fromkeys(cluster.ties, cluster.id))

    def excused(self) -> set[int]:
        """Accounts that were dismissed themselves, and not only what they share."""
        whole = (one for one in self.all.values() if one.dismissed and one.scope == "accounts")
        return {account for cluster in whole for account in cluster.named}

    def release(self, most_closed: int) -> None:
        """Keep so many closed clusters: those of no alert go first, then the longest idle."""
        closed = [cluster for cluster in self.all.values() if cluster.closed]
        for cluster in nsmallest(
            len(closed) - most_closed,
            closed,
            key=lambda cluster: (cluster.sequence >= 0, cluster.last_epoch, cluster.id),
        ):
            del self.all[cluster.id]
            if cluster.dismissed:
                self.dismissed.difference_update(cluster.ties)
            else:
                self.by_tie = {key: one for key, one in self.by_tie.items() if one != cluster.id}

    def find(self, tie: TieFinding) -> Cluster | None:
        """The cluster that the tie belongs to: the one that holds it, else the largest overlap.

        A tie that has grown away from the cluster that held it is free again.
        """
        held = self.by_tie.get(tie.key, tie.payer_of or None)
        if held is not None and (tie.payer_of or self.all[held].keeps(tie)):
            return self.all[held]
        if held is not None:
            self.all[held].drop(tie.key)
            del self.by_tie[tie.key]
        every = self.all.values()
        fitting = [cluster for cluster in every if not cluster.dismissed and cluster.takes(tie)]
        if not fitting:
            return None
        return max(fitting, key=lambda cluster: (cluster.common(tie), cluster.id))

    def put(self, cluster: Cluster, tie: TieFinding, epoch: int) -> None:
        """Join the tie to the cluster; of one group of signatures it holds the newest state."""
        self.all[cluster.id] = cluster
        if tie.causes:
            self._supersede(cluster, tie)
        self.by_tie[tie.key] = cluster.id
        cluster.add(tie, epoch)

    def _supersede(self, cluster: Cluster, tie: TieFinding) -> None:
        """Let go what the same group of signatures was before, under another key.

        At any time an account is in one such group at most.
        """
        for key, other in list(cluster.ties.items()):
            if key != tie.key and other.causes and np.isin(other.accounts, tie.accounts).any():
                cluster.best = tie.key if key == cluster.best else cluster.best
                cluster.drop(key)
                del self.by_tie[key]

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
                "paid": sorted(cluster.paid),
                "banned": sorted(cluster.banned),
                "told": [cluster.sequence, cluster.strength, cluster.severity, cluster.closed],
                "verdict": [cluster.verdict, cluster.judged, cluster.until, cluster.scope],
            }
            for cluster in self.all.values()
        ]

    def load(self, state: list[Mapping[str, Any]]) -> None:
        """Take what `dump` gave."""
        for saved in state:
            first_epoch, last_epoch = saved["epochs"]
            p_value, q_value = saved["values"]
            best = saved["best"]
            cluster = Cluster(saved["id"], first_epoch, last_epoch, best, p_value, q_value)
            sequence, strength, severity, closed = saved["told"]
            cluster.verdict, cluster.judged, cluster.until, cluster.scope = saved["verdict"]
            cluster.ties = {tie["key"]: TieFinding(**tie) for tie in saved["ties"]}
            if cluster.dismissed:
                self.dismissed.update(cluster.ties)
            else:
                self.by_tie.update(dict.fromkeys(cluster.ties, cluster.id))
            cluster.holdings = {int(key): set(ties) for key, ties in saved["holdings"].items()}
            cluster.affinities = {int(key): value for key, value in saved["affinities"].items()}
            cluster.named = {int(key): value for key, value in saved["named"].items()}
            cluster.paid, cluster.banned = set(saved["paid"]), set(saved["banned"])
            cluster.sequence, cluster.strength = sequence, strength
            cluster.severity, cluster.closed = severity, closed
            self.all[cluster.id] = cluster
