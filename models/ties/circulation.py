"""Circulation: who both gives to others and takes from others that do both as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def circulating(pairs: Iterable[tuple[int, int]]) -> set[int]:
    """The largest set whose members each give to one of them and take from one of them.

    Whoever only gives or only takes is left out, then whoever now does, and so on. What is left
    lies on ways that lead in circles, or from circle to circle.

    Args:
        pairs: Who gives, and who takes from him; nobody takes from himself.
    """
    takers: defaultdict[int, set[int]] = defaultdict(set)
    givers: defaultdict[int, set[int]] = defaultdict(set)
    for giver, taker in pairs:
        takers[giver].add(taker)
        givers[taker].add(giver)
    gone = [*(takers.keys() - givers.keys()), *(givers.keys() - takers.keys())]
    for one in gone:
        for mine, theirs in ((takers, givers), (givers, takers)):
            for other in mine.pop(one, ()):
                theirs[other].discard(one)
                if not theirs[other]:
                    del theirs[other]
                    gone.append(other)
    return set(takers)
