"""Crossings: reasoning signatures that accounts of different owners show, and who is tied by them.

A signature is issued to one account. That another presents it means that a conversation has moved
between accounts. One value may have leaked, or a customer may have changed accounts; many values
that tie many owners together are a pool that carries sessions of its own customers.

The strength of a group are its *causes*: the values that are needed to tie it together, the most
widely shown first. A conversation that was published and taken up by five accounts is one cause,
however many of its turns they present. Accounts that share an organisation or a payment instrument
are one owner, and what they pass to each other is no evidence; where neither is known, those of one
network are. Who pays with an instrument that accounts of a group pay with belongs to it as well, if
at least half of its holders do: not all of a pool's accounts carry conversations with signatures,
and of a company that pays for hundreds one may have been broken into.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.messages import Holder

OWNED = np.dtype([("account", np.uint64), ("owner", np.uint64)])

MOST_SHOWING = 8
"""A signature that more accounts show was published, or is everybody's: it ties nobody."""

LEAST_CAUSES = 2

_MOST_VALUES = 20_000
_MOST_PAYING = 8


@dataclass(slots=True)
class _Value:
    """A signature: the accounts that showed it, the epochs in which it crossed first and last."""

    accounts: list[int]
    first_epoch: int
    last_epoch: int


class _Owner(NamedTuple):
    """What tells the owner of an account, keys; 0 if unknown."""

    organisation: int
    payment: int
    network: int


@dataclass(slots=True)
class CrossingGroup:
    """Accounts tied together by signatures that crossed between owners.

    Attributes:
        key: The tie key of the value that crossed first.
        shown: How many crossed signatures each account showed, by account key; none, if it belongs
            for its payment instrument.
        causes: Values needed to tie the group together.
        values: All its values, ascending.
    """

    key: int
    first_epoch: int
    causes: int
    shown: dict[int, int] = field(default_factory=dict)
    values: list[int] = field(default_factory=list)


class _Forest:
    """Disjoint sets, each with a count of causes."""

    def __init__(self) -> None:
        self._parents: dict[object, object] = {}
        self._causes: dict[object, int] = {}

    def root(self, one: object) -> object:
        """The representative of the set that holds this one."""
        parent = self._parents.setdefault(one, one)
        while parent != self._parents[parent]:
            self._parents[one] = self._parents[parent]
            one, parent = parent, self._parents[parent]
        return parent

    def join(self, several: Sequence[object], causes: int) -> None:
        """Make one set of those that hold these; it costs `causes` if they were not one."""
        roots = list(dict.fromkeys(self.root(one) for one in several))
        if len(roots) > 1:
            into = roots[0]
            self._causes[into] = causes + sum(self._causes.pop(root, 0) for root in roots)
            self._parents.update(dict.fromkeys(roots, into))

    def causes(self, one: object) -> int:
        """Causes of the set that holds this one."""
        return self._causes.get(self.root(one), 0)


class Crossings:
    """Signatures that several accounts showed of late, and what is known of those accounts."""

    def __init__(self) -> None:
        self._values: dict[int, _Value] = {}
        self._owners: dict[int, _Owner] = {}
        self._common: dict[int, int] = {}
        self._payers: dict[int, list[int]] = {}
        self.unknown: set[int] = set()
        self.changed = False

    def note(self, value: int, accounts: Iterable[int], epoch: int) -> None:
        """Take in who has shown a signature by now, unless it is known that they are one owner."""
        showing = sorted(accounts)
        if value in self._common or len(showing) > MOST_SHOWING:
            self._values.pop(value, None)
            self._common[value] = epoch
        elif len(showing) > 1:
            self.unknown.update(showing)
            known = self._values.pop(value, None)
            # One customer's balanced load would push out what crosses between others.
            if known or not self._of_one_owner(showing):
                first = known.first_epoch if known else epoch
                self._values[value] = _Value(showing, first, epoch)
        self.changed = True
        for kept in (self._values, self._common):
            while len(kept) > _MOST_VALUES:
                del kept[next(iter(kept))]

    def note_payers(self, payment: int, accounts: Iterable[int]) -> None:
        """Take in who has shown a payment instrument by now."""
        payers = sorted(accounts)
        # Of too many none is kept: were some, a few that are erased would make them few enough.
        self._payers[payment] = payers if len(payers) <= _MOST_PAYING else []
        self.changed = True

    def payments(self, group: CrossingGroup) -> set[int]:
        """Tie keys of the payment instruments of a group's accounts."""
        known = (
            self._owners[account].payment for account in group.shown if account in self._owners
        )
        return {payment for payment in known if payment}

    def learn(self, holders: Mapping[int, Holder]) -> None:
        """Take in whose the accounts are that were asked for; groups hold no others."""
        for account in sorted(self.unknown & holders.keys()):
            holder = holders[account]
            self._owners[account] = _Owner(holder.owner, holder.payment, holder.network)
            self.changed = True
        self.unknown.clear()

    def expire(self, epoch: int, kept: Collection[int] = ()) -> None:
        """Drop the signatures that have not crossed since before an epoch, but for those kept."""
        old = {value for value, one in self._values.items() if one.last_epoch < epoch}
        for value in old.difference(kept):
            del self._values[value]
            self.changed = True
        for value in [value for value, last in self._common.items() if last < epoch]:
            del self._common[value]
        showing = {account for one in self._values.values() for account in one.accounts}
        self._owners = {one: owner for one, owner in self._owners.items() if one in showing}
        paid = {owner.payment for owner in self._owners.values()}
        self._payers = {one: payers for one, payers in self._payers.items() if one in paid}

    def groups(self, vouched: Collection[int] = ()) -> list[CrossingGroup]:
        """The groups, by key; whatever order the signatures came in, they are the same.

        Accounts that are vouched for tie nobody: whoever they serve would be a group else.
        """
        self.changed = False
        left = {value: _without(one, vouched) for value, one in self._values.items()}
        crossed = {value: one for value, one in left.items() if self._crosses(one)}
        forest = _Forest()
        for one in crossed.values():
            for account in one.accounts:
                forest.join([account, *self._marks(account)], 0)
        widest = sorted(crossed, key=lambda value: (-len(crossed[value].accounts), value))
        for value in widest:
            forest.join(crossed[value].accounts, 1)
        return self._gathered(crossed, forest)

    def _gathered(self, crossed: Mapping[int, _Value], forest: _Forest) -> list[CrossingGroup]:
        groups: dict[object, CrossingGroup] = {}
        for value in sorted(crossed, key=lambda value: (crossed[value].first_epoch, value)):
            one = crossed[value]
            root = forest.root(one.accounts[0])
            causes = forest.causes(root)
            group = groups.setdefault(root, CrossingGroup(value, one.first_epoch, causes))
            group.values.append(value)
            for account in one.accounts:
                group.shown[account] = group.shown.get(account, 0) + 1
        for group in groups.values():
            group.values.sort()
            self._add_payers(group)
        return sorted(groups.values(), key=lambda group: group.key)

    def _add_payers(self, group: CrossingGroup) -> None:
        showing = frozenset(group.shown)
        for payment in self.payments(group):
            payers = self._payers.get(payment, [])
            if 2 * len(showing.intersection(payers)) >= len(payers):
                group.shown.update(dict.fromkeys(frozenset(payers) - showing, 0))

    def _crosses(self, one: _Value) -> bool:
        """Whether accounts of two owners at least have shown it.

        An account of which nothing is known may be anyone's: that it is another's is no evidence.
        """
        if not self._are_known(one.accounts):
            return False
        marked = [account for account in one.accounts if any(True for _ in self._marks(account))]
        return len(marked) > 1 and not self._of_one_owner(marked)

    def _are_known(self, accounts: Iterable[int]) -> bool:
        return all(account in self._owners for account in accounts)

    def _of_one_owner(self, accounts: Sequence[int]) -> bool:
        """Whether it is known that one owner has all these accounts."""
        if not self._are_known(accounts):
            return False
        forest = _Forest()
        for account in accounts:
            forest.join([account, *self._marks(account)], 0)
        return len({forest.root(account) for account in accounts}) < 2

    def _marks(self, account: int) -> Iterator[tuple[str, int]]:
        """What the accounts of one owner have in common, where it is known."""
        owner = self._owners[account]
        if owner.organisation:
            yield "organisation", owner.organisation
        if owner.payment:
            yield "payment", owner.payment
        if not owner.organisation and not owner.payment and owner.network:
            # Of whom nothing else is known may be a colleague of whoever sits next to him.
            yield "network", owner.network

    def owned(self, group: CrossingGroup) -> NDArray[np.void]:
        """The accounts of a group with their organisations (fields account and owner)."""
        unknown = _Owner(0, 0, 0)
        rows = [
            (account, self._owners.get(account, unknown).organisation) for account in group.shown
        ]
        return np.array(rows, OWNED)

    @property
    def known(self) -> NDArray[np.void]:
        """All accounts of known owners with their organisations (likewise)."""
        rows = [(account, owner.organisation) for account, owner in self._owners.items()]
        return np.array(rows, OWNED)

    def forget(self, account: int) -> None:
        """Drop an account, and the signatures that it takes with it."""
        for value, one in list(self._values.items()):
            one.accounts = [other for other in one.accounts if other != account]
            if len(one.accounts) < 2:
                del self._values[value]
        self._owners.pop(account, None)
        for payment, payers in self._payers.items():
            self._payers[payment] = [other for other in payers if other != account]
        self.unknown.discard(account)
        self.changed = True

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {
            "values": [
                [value, one.first_epoch, one.last_epoch, one.accounts]
                for value, one in self._values.items()
            ],
            "owners": [[account, *owner] for account, owner in sorted(self._owners.items())],
            "payers": [[payment, payers] for payment, payers in sorted(self._payers.items())],
            "common": [[value, epoch] for value, epoch in self._common.items()],
            "unknown": sorted(self.unknown),
            "changed": self.changed,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._values = {
            value: _Value(list(accounts), first, last)
            for value, first, last, accounts in state["values"]
        }
        self._owners = {account: _Owner(*owner) for account, *owner in state["owners"]}
        self._payers = {payment: list(payers) for payment, payers in state["payers"]}
        self._common = dict(state["common"])
        self.unknown, self.changed = set(state["unknown"]), bool(state["changed"])


def _without(one: _Value, accounts: Collection[int]) -> _Value:
    left = [account for account in one.accounts if account not in accounts]
    return one if len(left) == len(one.accounts) else replace(one, accounts=left)
