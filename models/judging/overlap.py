"""Sets of accounts that overlap: how well one grouping matches another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from statistics import fmean
from typing import NamedTuple

Group = Collection[str]


class Match(NamedTuple):
    """A left and a right group by index, and the number of accounts that they share."""

    left: int
    right: int
    shared: int


def matches(left: Sequence[Group], right: Sequence[Group]) -> list[Match]:
    """All pairs that share an account, by indices."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(right):
        for account in group:
            holders[account].append(index)
    found: list[Match] = []
    for index, group in enumerate(left):
        shared = Counter(holder for account in group for holder in holders.get(account, ()))
        found += [Match(index, holder, count) for holder, count in sorted(shared.items())]
    return found


def f1(match: Match, left: Sequence[Group], right: Sequence[Group]) -> float:
    """F1 of a pair: twice the shared accounts over the sum of both sizes."""
    return 2 * match.shared / (len(left[match.left]) + len(right[match.right]))


def one_to_one(left: Sequence[Group], right: Sequence[Group]) -> list[Match]:
    """Pairs of groups, each group in one at most: greedily by F1, then by shared accounts."""
    ranked = sorted(
        matches(left, right),
        key=lambda match: (-f1(match, left, right), -match.shared, match.left, match.right),
    )
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    chosen: list[Match] = []
    for match in ranked:
        if match.left not in taken_left and match.right not in taken_right:
            chosen.append(match)
            taken_left.add(match.left)
            taken_right.add(match.right)
    return sorted(chosen)


def cluster_f1(left: Sequence[Group], right: Sequence[Group]) -> float | None:
    """Average F1 of two groupings that may overlap; None when either is empty.

    The mean of two means: of each left group's best F1 over the right groups, and the reverse
    (Yang and Leskovec, 2013).

    >>> cluster_f1([{"a", "b"}], [{"a", "b"}, {"c"}])
    0.75
    """
    if not left or not right:
        return None
    best_left = [0.0] * len(left)
    best_right = [0.0] * len(right)
    for match in matches(left, right):
        score = f1(match, left, right)
        best_left[match.left] = max(best_left[match.left], score)
        best_right[match.right] = max(best_right[match.right], score)
    return (fmean(best_left) + fmean(best_right)) / 2
