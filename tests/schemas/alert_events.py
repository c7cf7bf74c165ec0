"""Random alert events of all kinds, full of what formats have to escape; cheap, by the thousand."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from random import Random
from typing import TypeVar, get_args

import msgspec
from hypothesis import strategies as st

from models.signals import SIGNALS
from schemas.alert import (
    MAX_ACCOUNTS,
    Action,
    Activity,
    AlertEvent,
    Entity,
    EntityKind,
    Evidence,
    Example,
    Response,
    Severity,
    TieRecord,
)
from schemas.taxonomy import KNOWN_TECHNIQUES, REFERENCES
from schemas.times import to_rfc3339

Made = TypeVar("Made")

_2020, _2030 = 1_577_836_800_000_000, 1_893_456_000_000_000
_AWKWARD = "ab\\|=,;:%+2C \"'[]{}\t\n\r\x00\x1b\x85\u2028é界🙂"
_SIGNALS = sorted(signal.id for signal in SIGNALS.values())
_TECHNIQUES = [*KNOWN_TECHNIQUES, "AML.T9999.001"]


def alert_event(random: Random) -> AlertEvent:
    """An event; ids and texts are plain or full of characters that mean something to a format."""
    first, last, time = sorted(random.randrange(_2020, _2030) for _ in range(3))
    return AlertEvent(
        alert_id=_text(random),
        sequence=random.randrange(9),
        event_id=_text(random),
        activity=random.choice(get_args(Activity)),
        time=to_rfc3339(time),
        entity=Entity(random.choice(get_args(EntityKind)), _text(random)),
        accounts=_several(random, _text, 3),
        accounts_total=random.randrange(2**31),
        requests=random.randrange(2**31),
        detector=_text(random),
        title=_text(random, 90),
        severity=random.choice(get_args(Severity)),
        score=random.random(),
        p_value=random.random(),
        q_value=random.choice([0.0, 1.0, random.random()]),
        evidence=_several(random, _evidence, 2),
        ties=_several(random, _tie, 3),
        examples=_several(random, _example, 2),
        response=Response(random.choice(get_args(Action)), _text(random, 900)),
        techniques=sorted(random.sample(_TECHNIQUES, random.randrange(4))),
        first_seen=to_rfc3339(first),
        last_seen=to_rfc3339(last),
        references=random.choice([[], list(REFERENCES)]),
    )


alert_events = st.integers(0, 2**32).map(lambda seed: alert_event(Random(seed)))
"""The same for Hypothesis."""


def with_many_accounts(event: AlertEvent, count: int = MAX_ACCOUNTS) -> AlertEvent:
    """The same event naming so many accounts."""
    return msgspec.structs.replace(event, accounts=[f"account-{row:06d}" for row in range(count)])


def _several(random: Random, make: Callable[[Random], Made], most: int) -> list[Made]:
    return [make(random) for _ in range(random.randint(0, most))]


def _text(random: Random, most: int = 14) -> str:
    alphabet = random.choice(["abcdef012345", _AWKWARD])
    return "".join(random.choices(alphabet, k=random.randint(1, most)))


def _evidence(random: Random) -> Evidence:
    value, baseline, weight = (random.gauss(0, 10 ** random.randint(-9, 9)) for _ in range(3))
    return Evidence(random.choice(_SIGNALS), value, baseline, weight, _text(random, 60))


def _example(random: Random) -> Example:
    return Example(_text(random), to_rfc3339(random.randrange(_2020, _2030)), _text(random))


def _tie(random: Random) -> TieRecord:
    kind = random.choice(["address", "network", "client", "model", "payment", "fragment", "tools"])
    digest = f"{random.getrandbits(64):016x}"
    return TieRecord(kind, digest, _value(random, kind), random.randrange(2**31))


def _value(random: Random, kind: str) -> str | None:
    """What alerts show of a tie of that kind."""
    if kind == "address":
        return str(IPv4Address(random.getrandbits(32)))
    if kind == "network":
        four = f"{IPv4Address(random.getrandbits(24) << 8)}/24"
        six = IPv6Network((IPv6Address(random.getrandbits(48) << 80), 48))
        return random.choice([four, str(six)])
    return _text(random, 600) if kind in {"client", "model"} else None
