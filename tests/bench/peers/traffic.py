"""Tiny hand-made traffic for the peers: ordinary accounts that differ, hour by hour."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from bench.peers.base import HOUR, Peer, Score
from schemas.request import RequestEvent

START = 1_788_739_200.0
_WORDS = (
    "river garden table window invoice letter summer engine doctor market planet bridge carpet "
    "violin harvest bottle ticket island mirror pencil castle thunder velvet copper lantern"
).split()


def request(account: str, time: float, **fields: Any) -> RequestEvent:
    """A request of an account, seconds after `START`."""
    return RequestEvent(id=f"{account} {time}", time=START + time, account=account, **fields)


def words(random_source: random.Random, count: int) -> str:
    """Words that make no sense."""
    return " ".join(random_source.choice(_WORDS) for _ in range(count))


def ordinary(hour: int, accounts: int = 30, requests: int = 4) -> list[RequestEvent]:
    """An hour of accounts that share nothing and write what comes to their minds."""
    source = random.Random(hour)
    times = sorted(source.uniform(0.0, HOUR) for _ in range(accounts * requests))
    return [
        request(
            name := f"ordinary{source.randrange(accounts)}",
            hour * HOUR + time,
            payment=f"payment of {name}",
            ip=f"10.0.{name.removeprefix('ordinary')}.1",
            user_agent=f"client of {name}",
            tls_fingerprint=f"print of {name}",
            model="large",
            input_tokens=source.randrange(50, 400),
            output_tokens=source.randrange(50, 400),
            messages=source.randrange(1, 6),
            prompt=words(source, source.randrange(10, 60)),
        )
        for time in times
    ]


def in_order(*parts: Sequence[RequestEvent]) -> list[RequestEvent]:
    """Requests in time order."""
    return sorted((event for part in parts for event in part), key=lambda event: event.time)


def fed(peer: Peer, hours: Sequence[Sequence[RequestEvent]]) -> list[list[Score]]:
    """What a peer says of consecutive hours, the first at `START`."""
    return [peer.close_hour(START + number * HOUR, events) for number, events in enumerate(hours)]


def score_of(scores: Sequence[Score], subject: str) -> Score:
    """The one score of a subject."""
    (found,) = (score for score in scores if score.subject == subject)
    return found


def of_accounts(scores: Sequence[Score]) -> dict[str, float]:
    """Scores of single accounts."""
    return {score.subject: score.score for score in scores if not score.accounts}


def of_groups(scores: Sequence[Score]) -> dict[frozenset[str], float]:
    """Scores of groups by their accounts."""
    return {frozenset(score.accounts): score.score for score in scores if score.accounts}
