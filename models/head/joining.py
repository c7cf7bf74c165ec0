"""Joining: ties that stand out found clusters, ties that overlap one join it, the rest wait."""

from __future__ import annotations

from typing import Any

from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.head.tie_finding import TieFinding

JOIN_P = 1e-3
"""A tie less odd than this holds nothing together."""

MOST_CANDIDATES = 4_000
MOST_CLOSED = 1_000
"""Closed clusters kept: where their accounts are replaced, the finding goes on."""

_REGATHER = 1.2


class Joining:
    """Clusters, and the ties that were odd without sufficing.

    The latter wait for a cluster that may come to need them.
    """

    def __init__(self) -> None:
        self.clusters = Clusters()
        self._candidates: dict[int, TieFinding] = {}
        self._gathered: dict[str, int] = {}

    def place(self, tie: TieFinding, entity: str, epoch: int) -> Cluster | None:
        """Put a tie where it belongs; `entity` is the id of the cluster that it may found.

        Returns:
            The cluster that changed; None when the tie only waits.
        """
        cluster = self.clusters.find(tie)
        if cluster is None and not tie.stands_out:
            self._remember(tie)
            return None
        if cluster is None:
            cluster = Cluster(entity, epoch, epoch, tie.key, 1.0, 1.0)
        self._candidates.pop(tie.key, None)
        self.clusters.put(cluster, tie, epoch)
        if len(cluster.core) >= _REGATHER * self._gathered.get(cluster.id, 0):
            self._gather(cluster, epoch)
        return cluster

    def _remember(self, tie: TieFinding) -> None:
        self._candidates.pop(tie.key, None)
        self._candidates[tie.key] = tie
        while len(self._candidates) > MOST_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]

    def _gather(self, cluster: Cluster, epoch: int) -> None:
        """Join the candidates that belong to a cluster by now."""
        fitting = [tie for tie in self._candidates.values() if cluster.takes(tie)]
        for tie in sorted(fitting, key=lambda tie: (-tie.score, tie.key)):
            self.clusters.put(cluster, tie, epoch)
            del self._candidates[tie.key]
        self._gathered[cluster.id] = len(cluster.core)

    def forget(self, account: int) -> None:
        """Drop an account from all clusters and from the ties that wait."""
        for cluster in self.clusters.all.values():
            cluster.forget(account)
        for tie in self._candidates.values():
            tie.forget(account)

    def release(self) -> None:
        """Let go of the closed clusters beyond those that are kept."""
        self.clusters.release(MOST_CLOSED)
        kept = self.clusters.all.keys()
        self._gathered = {key: size for key, size in self._gathered.items() if key in kept}

    @property
    def ties(self) -> set[int]:
        """Keys of all ties that a cluster holds or that wait for one."""
        held = (key for cluster in self.clusters.all.values() for key in cluster.ties)
        return {*held, *self._candidates}

    def idle_since(self, epoch: int) -> list[Cluster]:
        """Clusters that are not closed and have not changed since that epoch."""
        every = self.clusters.all.values()
        return [cluster for cluster in every if not cluster.closed and cluster.last_epoch < epoch]

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "clusters": self.clusters.dump(),
            "gathered": self._gathered,
            "candidates": [tie.dump() for tie in self._candidates.values()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `dump` gave."""
        self.clusters.load(state["clusters"])
        self._gathered = dict(state["gathered"])
        self._candidates = {tie["key"]: TieFinding(**tie) for tie in state["candidates"]}
