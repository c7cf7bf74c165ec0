"""What holds a finding together: its ties, and its accounts by which of them they have shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from schemas.alert import TieRecord
from stream.console.book import Book
from stream.console.traffic import tie_key
from stream.findings.lives import ties_of

MOST_TIES = 20
MOST_GROUPS = 18
_SHOWN_NAMES = 8


class Tie(msgspec.Struct, frozen=True):
    """A shared value: how many accounts show it by the alert, and members by the traffic read."""

    kind: str
    digest: str
    value: str | None
    accounts: int
    seen: int


class Group(msgspec.Struct, frozen=True):
    """Accounts that have shown the same ties, by their places among the ties."""

    ties: list[int]
    count: int
    names: list[str]


class Graph(msgspec.Struct, frozen=True):
    """Ties and groups, the largest first.

    Attributes:
        known: Whether it is known who has shown what; else all accounts are one group.
        ties_left: Ties that are not shown.
        groups_left, accounts_left: Groups that are not shown, and their accounts.
        nothing: Accounts that have shown none of these ties in the traffic read.
    """

    known: bool
    ties: list[Tie]
    groups: list[Group]
    ties_left: int
    groups_left: int
    accounts_left: int
    nothing: int


def graph(book: Book, alert_id: str) -> Graph:
    """The graph of a finding.

    Raises:
        KeyError: There is none of that id.
    """
    named = book.named(alert_id)
    every = ties_of(book.lives[alert_id])
    listed = every[:MOST_TIES]
    shown = [_members(book.traffic.shown, tie, named) for tie in listed]
    by_account: dict[str, list[int]] = {}
    for place, members in enumerate(shown):
        for account in members:
            by_account.setdefault(account, []).append(place)
    known = bool(by_account)
    groups = _groups(by_account) if known else [_all(list(named), len(listed))]
    left = groups[MOST_GROUPS:]
    return Graph(
        known=known,
        ties=[
            Tie(tie.kind, tie.digest, tie.value, tie.accounts, len(members))
            for tie, members in zip(listed, shown, strict=True)
        ],
        groups=groups[:MOST_GROUPS],
        ties_left=len(every) - len(listed),
        groups_left=len(left),
        accounts_left=sum(group.count for group in left),
        nothing=len(named) - len(by_account) if known else 0,
    )


def _members(
    shown: Mapping[int, Mapping[str, int]], tie: TieRecord, named: Mapping[str, int]
) -> list[str]:
    return [account for account in shown.get(tie_key(tie.digest), {}) if account in named]


def _groups(by_account: Mapping[str, Sequence[int]]) -> list[Group]:
    alike: dict[tuple[int, ...], list[str]] = {}
    for account, ties in by_account.items():
        alike.setdefault(tuple(ties), []).append(account)
    ordered = sorted(alike.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Group(list(ties), len(names), sorted(names)[:_SHOWN_NAMES]) for ties, names in ordered]


def _all(names: Sequence[str], ties: int) -> Group:
    return Group(list(range(ties)), len(names), sorted(names)[:_SHOWN_NAMES])
