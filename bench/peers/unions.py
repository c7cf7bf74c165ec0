"""Disjoint sets of accounts that grow together (Tarjan, J. ACM 22, 1975)."""

from __future__ import annotations


class Unions:
    """Groups named by their earliest member, so that a name lasts while a group grows."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._order: dict[str, int] = {}
        self._members: dict[str, list[str]] = {}

    def add(self, member: str) -> None:
        """Make a group of a new member."""
        if member not in self._parents:
            self._parents[member] = member
            self._order[member] = len(self._order)
            self._members[member] = [member]

    def name_of(self, member: str) -> str:
        """The name of the group that a member is in."""
        name = member
        while self._parents[name] != name:
            name = self._parents[name]
        while self._parents[member] != name:
            self._parents[member], member = name, self._parents[member]
        return name

    def join(self, one: str, other: str) -> None:
        """Make one group of two members' groups."""
        names = {self.name_of(one), self.name_of(other)}
        if len(names) == 2:
            kept, gone = sorted(names, key=self._order.__getitem__)
            self._parents[gone] = kept
            self._members[kept] += self._members.pop(gone)

    def members_of(self, member: str) -> list[str]:
        """All members of a member's group."""
        return self._members[self.name_of(member)]
