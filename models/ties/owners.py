"""Owners: which accounts are known to be of one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Owner(NamedTuple):
    """What tells the owner of an account, keys; 0 if unknown."""

    organisation: int
    payment: int
    network: int

    @property
    def marks(self) -> tuple[tuple[str, int], ...]:
        """What the accounts of one owner have in common, where it is known.

        Of whom nothing else is known may be a colleague of whoever sits next to him.
        """
        told = (("organisation", self.organisation), ("payment", self.payment))
        return tuple(mark for mark in told if mark[1]) or (
            (("network", self.network),) if self.network else ()
        )


class Forest:
    """Disjoint sets, each with a count of causes."""

    def __init__(self) -> None:
        self._parents: dict[object, object] = {}
        self._causes: dict[object, int] = {}

    @classmethod
    def of_owners(cls, accounts: Iterable[int], owners: Mapping[int, Owner]) -> Forest:
        """Accounts, with those of one owner in one set."""
        forest = cls()
        for account in accounts:
            forest.join([account, *owners[account].marks], 0)
        return forest

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
