"""All clusters, and which tie belongs to which."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

import numpy as np

from models.head.cluster import Cluster
from models.head.tie_finding import TieFinding


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
