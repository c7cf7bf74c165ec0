"""What all peers share: hours of requests in, scores of accounts or of groups of accounts out.

A peer is a detector that operators have today, written anew from its description. It sees the same
requests as Gauger, in time order, and scores whoever was active at the end of every hour of event
time; `bench.peers.calibration` turns scores into alerts under the same budget for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from schemas.request import RequestEvent

HOUR = 3_600.0
DAY = 86_400.0


class Score(NamedTuple):
    """How odd a subject is at the end of an hour; higher is odder.

    Attributes:
        subject: An account, or the lasting name of a group of accounts.
        score: On a scale of the peer's own.
        accounts: The group's accounts; empty when the subject is an account.
        rules: Names of the peer's fixed rules, as it ships them, that the subject meets.
    """

    subject: str
    score: float
    accounts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Peer(Protocol):
    """A detector to compare with; `rules` are its fixed rules, where it ships any."""

    name: str
    rules: tuple[str, ...]

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Learn from an hour's requests, in time order, and score who was active.

        Hours come in order; hours without requests are left out. `start` is in Unix seconds.
        """
        ...


def by_account(events: Iterable[RequestEvent]) -> dict[str, list[RequestEvent]]:
    """The requests of each account, accounts in the order of their first request."""
    groups: dict[str, list[RequestEvent]] = defaultdict(list)
    for event in events:
        groups[event.account].append(event)
    return groups


def network_of(address: str | None) -> str | None:
    """The /24 of an IPv4 address, the /48 of an IPv6 one."""
    if not address:
        return None
    if ":" in address:
        return ":".join(address.split(":")[:3])
    return address.rpartition(".")[0]
