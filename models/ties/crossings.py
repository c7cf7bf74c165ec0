"""Crossings: reasoning signatures that accounts of different owners show, and who is tied by them.

A signature is issued to one account. That another presents it means that a conversation has moved
from the one to the other. It may have leaked, or have been published; many that tie many owners
together, who take and give, are a pool that carries sessions of its own customers.

Only accounts that do both belong to a group: that present what was issued to others of it, and to
whom was issued what others of it present. Whose conversations were taken may be their victim, or a
product that hands them to its customers; who has taken one may have found it. So nobody is drawn
into a group by what others present, nor by what he is given, alone.

The strength of a group are its *causes*: the signatures that are needed to tie it together, the
most widely shown first. A conversation that was taken up by five accounts is one cause, however
many of its turns they present. Accounts that share an organisation or a payment instrument are one
owner, and what they pass to each other is no evidence; where neither is known, those of one network
are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.ties.circulation import circulating
from models.ties.owners import Forest, Owner
from models.wire.messages import Holder

OWNED = np.dtype([("account", np.uint64), ("owner", np.uint64)])

MOST_SHOWING = 8
"""A signature that more accounts show was published, or is everybody's: it ties nobody."""

LEAST_CAUSES = 2

_MOST_KEPT = 20_000
_MOST_NAMES = 8


class Sides(NamedTuple):
    """Accounts that show a signature, ascending: those it was issued to, those that present it."""

    issued: tuple[int, ...]
    presented: tuple[int, ...]

    def within(self, accounts: Collection[int]) -> Sides:
        """Those of them that are among these accounts."""
        return Sides(*(tuple(one for one in side if one in accounts) for side in self))

    def without(self, accounts: Collection[int]) -> Sides:
        """Those of them that are not."""
        return Sides(*(tuple(one for one in side if one not in accounts) for side in self))


@dataclass(slots=True)
class _Shown:
    """The signatures that the same accounts have shown.

    Attributes:
        names: The epoch in which each first crossed, and its tie key; of many, the first few.
        count: How many there are.
        last_epoch: When the last one crossed.
    """

    names: list[tuple[int, int]]
    count: int
    last_epoch: int


@dataclass(slots=True)
class CrossingGroup:
    """Accounts tied together by signatures that crossed between owners.

    Attributes:
        key: The tie key of the value that crossed first.
        shown: How many signatures of others in the group each account presented, by account key.
        causes: Values needed to tie the group together.
    """

    key: int
    first_epoch: int
    causes: int
    shown: dict[int, int] = field(default_factory=dict)


class Crossings:
    """Signatures that several accounts showed of late, and what is known of those accounts."""

    def __init__(self) -> None:
        self._shown: dict[Sides, _Shown] = {}
        self._sides: dict[int, Sides] = {}
        self._owners: dict[int, Owner] = {}
        self._common: dict[int, int] = {}
        self.unknown: set[int] = set()
        self.changed = False

    def note(self, told: Mapping[int, Sides], epoch: int) -> None:
        """Take in who has shown which signatures by now, those told of in an epoch.

        What is known to be passed between accounts of one owner is not kept.
        """
        since = {value: self._take_out(value) for value in told}
        for value, sides in told.items():
            accounts = sides.issued + sides.presented
            if value in self._common or len(accounts) > MOST_SHOWING:
                self._common[value] = epoch
            elif all(sides):
                self.unknown.update(accounts)
                first = since[value]
                # One customer's balanced load would push out what crosses between others.
                if first is not None or not self._of_one_owner(accounts):
                    self._put(sides, [(epoch if first is None else first, value)], 1, epoch)
        self.changed |= bool(told)
        self._trim()

    def _take_out(self, value: int) -> int | None:
        """Drop a signature, if it is kept by name; the epoch in which it first crossed."""
        sides = self._sides.pop(value, None)
        if sides is None:
            return None
        shown = self._shown[sides]
        [name] = [name for name in shown.names if name[1] == value]
        shown.names.remove(name)
        shown.count -= 1
        if not shown.names:
            del self._shown[sides]
        return name[0]

    def _put(
        self, sides: Sides, names: Iterable[tuple[int, int]], count: int, last_epoch: int
    ) -> None:
        """Add signatures to those that the same accounts have shown."""
        shown = self._shown.setdefault(sides, _Shown([], 0, last_epoch))
        shown.names = sorted([*shown.names, *names])
        for _, value in shown.names[_MOST_NAMES:]:
            self._sides.pop(value, None)
        del shown.names[_MOST_NAMES:]
        self._sides.update((value, sides) for _, value in shown.names)
        shown.count += count
        shown.last_epoch = max(shown.last_epoch, last_epoch)

    def _trim(self) -> None:
        """Keep a bounded number: the longest idle go."""
        for sides in nsmallest(
            len(self._shown) - _MOST_KEPT,
            self._shown,
            key=lambda sides: (self._shown[sides].last_epoch, self._shown[sides].names),
        ):
            self._drop(sides)
        surplus = len(self._common) - _MOST_KEPT
        for value in nsmallest(surplus, self._common, key=lambda one: (self._common[one], one)):
            del self._common[value]

    def _drop(self, sides: Sides) -> _Shown:
        shown = self._shown.pop(sides)
        for _, value in shown.names:
            del self._sides[value]
        return shown

    def learn(self, holders: Mapping[int, Holder]) -> None:
        """Take in whose the accounts are that were asked for; groups hold no others."""
        for account in sorted(self.unknown & holders.keys()):
            holder = holders[account]
            self._owners[account] = Owner(holder.owner, holder.payment, holder.network)
            self.changed = True
        self.unknown.clear()

    def expire(self, epoch: int, kept: Collection[int] = ()) -> None:
        """Drop the signatures that have not crossed since before an epoch, but for those kept."""
        spared = {self._sides.get(value) for value in kept}
        old = [sides for sides, one in self._shown.items() if one.last_epoch < epoch]
        for sides in old:
            if sides not in spared:
                self._drop(sides)
                self.changed = True
        self._common = {value: last for value, last in self._common.items() if last >= epoch}
        showing = {account for sides in self._shown for side in sides for account in side}
        self._owners = {one: owner for one, owner in self._owners.items() if one in showing}

    def groups(self, vouched: Collection[int] = ()) -> list[CrossingGroup]:
        """The groups, by key; whatever order the signatures came in, they are the same.

        Accounts that are vouched for tie nobody: whoever they serve would be a group else.
        """
        self.changed = False
        crossed = {sides: self._crossed(sides.without(vouched)) for sides in self._shown}
        both = circulating(
            (giver, taker)
            for left in crossed.values()
            for giver in left.issued
            for taker in left.presented
        )
        reduced = [(left.within(both), self._shown[sides]) for sides, left in crossed.items()]
        tying = [(left, shown) for left, shown in reduced if all(left)]
        tying.sort(key=lambda one: one[1].names[0])
        return self._gathered(tying, self._tied([left for left, _ in tying]))

    def _crossed(self, sides: Sides) -> Sides:
        """The sides without who only presents what he or another account of his owner was issued.

        None are left where fewer than two of the accounts are known to be of different owners: an
        account of which nothing is known may be anyone's.
        """
        accounts = sides.issued + sides.presented
        if not all(sides) or not self._are_known(accounts):
            return Sides((), ())
        forest = Forest.of_owners(accounts, self._owners)
        if len({forest.root(one) for one in accounts if self._owners[one].marks}) < 2:
            return Sides((), ())
        own = {forest.root(account) for account in sides.issued}
        others = tuple(account for account in sides.presented if forest.root(account) not in own)
        return Sides(sides.issued if others else (), others)

    def _tied(self, tying: list[Sides]) -> Forest:
        """The accounts, those of one owner together, then tied by the most widely shown first."""
        several = [left.issued + left.presented for left in tying]
        accounts = dict.fromkeys(account for one in several for account in one)
        forest = Forest.of_owners(accounts, self._owners)
        for one in sorted(several, key=len, reverse=True):
            forest.join(one, 1)
        return forest

    @staticmethod
    def _gathered(tying: list[tuple[Sides, _Shown]], forest: Forest) -> list[CrossingGroup]:
        groups: dict[object, CrossingGroup] = {}
        for sides, shown in tying:
            first, key = shown.names[0]
            root = forest.root(sides.issued[0])
            group = groups.setdefault(root, CrossingGroup(key, first, forest.causes(root)))
            for account in sides.presented:
                group.shown[account] = group.shown.get(account, 0) + shown.count
        return sorted(groups.values(), key=lambda group: group.key)

    def showing(self, values: Iterable[int]) -> set[int]:
        """Accounts that show these values, as far as those are kept by name."""
        every = (self._sides[value] for value in values if value in self._sides)
        return {account for sides in every for side in sides for account in side}

    def _are_known(self, accounts: Iterable[int]) -> bool:
        return all(account in self._owners for account in accounts)

    def _of_one_owner(self, accounts: Iterable[int]) -> bool:
        """Whether it is known that one owner has all these accounts."""
        if not self._are_known(accounts):
            return False
        forest = Forest.of_owners(accounts, self._owners)
        return len({forest.root(account) for account in accounts}) < 2

    def owned(self, group: CrossingGroup) -> NDArray[np.void]:
        """The accounts of a group with their organisations (fields account and owner)."""
        return self._with_owners(group.shown)

    @property
    def known(self) -> NDArray[np.void]:
        """All accounts of known owners with their organisations (likewise)."""
        return self._with_owners(self._owners)

    def _with_owners(self, accounts: Iterable[int]) -> NDArray[np.void]:
        return np.array([(one, self._owners[one].organisation) for one in accounts], OWNED)

    def forget(self, account: int) -> None:
        """Drop an account, and the signatures that it takes with it."""
        for sides in [one for one in self._shown if any(account in side for side in one)]:
            shown, left = self._drop(sides), sides.without({account})
            if all(left):
                self._put(left, shown.names, shown.count, shown.last_epoch)
        self._owners.pop(account, None)
        self.unknown.discard(account)
        self.changed = True

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {
            "shown": sorted(
                [shown.names, shown.count, shown.last_epoch, *sides]
                for sides, shown in self._shown.items()
            ),
            "owners": [[account, *owner] for account, owner in sorted(self._owners.items())],
            "common": sorted(self._common.items()),
            "unknown": sorted(self.unknown),
            "changed": self.changed,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        for names, count, last_epoch, issued, presented in state["shown"]:
            sides = Sides(tuple(issued), tuple(presented))
            self._put(sides, [(first, value) for first, value in names], count, last_epoch)
        self._owners = {account: Owner(*owner) for account, *owner in state["owners"]}
        self._common = dict(state["common"])
        self.unknown, self.changed = set(state["unknown"]), bool(state["changed"])
