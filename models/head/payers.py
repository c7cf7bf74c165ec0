"""Payers: who pays with an instrument that a cluster's accounts pay with, belongs to it.

Accounts of a campaign are paid for in batches, and not each of them does enough to be told by what
it does. An instrument counts where half of those who show it were named already, and they are few:
of a company that pays for hundreds, one may have been broken into.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from models.head.cluster import Cluster
from models.head.clusters import Clusters
from models.wire.messages import Holder

MOST_PAYING = 8


def followed(clusters: Clusters) -> frozenset[int]:
    """Tie keys of the instruments of all accounts named by clusters that are open."""
    return frozenset(key for one in _open(clusters) for key in one.paid)


def wanted(clusters: Clusters) -> set[int]:
    """The accounts to ask about from time to time: all that clusters have named that are open."""
    return {account for one in _open(clusters) for account in one.named}


def learn(clusters: Clusters, holders: Mapping[int, Holder]) -> None:
    """Take in what accounts that were named pay with now."""
    for cluster in _open(clusters):
        known = (holders[account].payment for account in cluster.named if account in holders)
        cluster.paid.update(payment for payment in known if payment)


def payer_of(clusters: Clusters, key: int, accounts: Collection[int]) -> Cluster | None:
    """The cluster to which all accounts that show an instrument belong, if there is one.

    Of several, that with most of the accounts, then the one with the greater id.
    """
    if not 2 <= len(accounts) <= MOST_PAYING:
        return None
    held = clusters.by_tie.get(key)
    paid = [one for one in _open(clusters) if key in one.paid and held in {None, one.id}]
    sharing = [(sum(account in one.named for account in accounts), one.id) for one in paid]
    count, best = max(sharing, default=(0, ""))
    return clusters.all[best] if count and 2 * count >= len(accounts) else None


def _open(clusters: Clusters) -> Iterable[Cluster]:
    return (one for one in clusters.all.values() if not one.closed and not one.dismissed)
