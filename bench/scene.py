"""A finished replay without the detector: traffic, and findings told of it by hand.

Ordinary accounts, and campaigns whose accounts share payments, a network, tools and a phrase. The
alerts have the digests that the detector would give, so that pages can say who showed what. For
tests, pictures and measurements of the console.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from models.requests.ingestion import BatchBuilder
from models.requests.kinds import TieKind, kind_of, shown_value
from models.signals import SIGNALS
from schemas.alert import (
    Action,
    AlertEvent,
    Entity,
    Evidence,
    Example,
    Response,
    Severity,
    TieRecord,
)
from schemas.codec import decode_requests, encode
from schemas.score import ScoreRecord
from schemas.taxonomy import REFERENCES
from schemas.times import to_rfc3339

START = 1_788_739_200
HOUR = 3_600
EPOCH_SECONDS = 300

_PLANS = ("free", "payg", "pro", "team", "enterprise", "research")
_CLIENTS = ("python-sdk/1.4", "node-sdk/3.1", "curl/8.5", "desktop/2.0", "mobile/5.2", "ide/0.9")
_MODELS = ("large-2", "small-2", "large-2-reasoning")
_ACTIONS: dict[Severity, Action] = {"low": "watch", "medium": "verify"}
_MOST_NAMED = 1_000
_MOST_TIES = 20
_EVIDENCE = (
    ("sharing", "accounts of unrelated owners", 0.97, 0.5, 7.4),
    ("sharing", "strangers who share a payment or a network", 0.81, 0.1, 6.2),
    ("youth", "young accounts: further out than 91% of comparable ones", 0.41, 0.5, 4.1),
    ("rhythm", "no human rhythm: further out than 88% of comparable accounts", 0.83, 0.5, 2.6),
    ("narrowness", "one kind of prompt: further out than 93% of comparable ones", 0.9, 0.5, 2.2),
    ("breadth", "few end users: as usual", 0.47, 0.5, -0.3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Accounts that act as one.

    Attributes:
        name: Beginning of their names.
        accounts: How many there are.
        from_hour, to_hour: When they act.
        requests: Requests of each.
        severity: That its latest alert has.
    """

    name: str
    accounts: int
    from_hour: float
    to_hour: float
    requests: int
    severity: Severity

    def members(self) -> list[str]:
        """Names of its accounts."""
        return [f"{self.name}-{number:04}" for number in range(self.accounts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happens: ordinary accounts over so many hours, and campaigns among them."""

    ordinary: int
    requests: int
    hours: float
    campaigns: tuple[Campaign, ...]
    texts: bool = True
    seed: int = 7

    def events(self) -> Iterator[dict[str, Any]]:
        """All requests, account by account; in no order of time."""
        for number in range(self.ordinary):
            yield from self._ordinary(number)
        for campaign in self.campaigns:
            for number, name in enumerate(campaign.members()):
                yield from self._member(campaign, number, name)

    def _ordinary(self, number: int) -> Iterator[dict[str, Any]]:
        draw = Random(f"{self.seed} {number}")
        name, share = f"acct-{number:06}", self.requests / self.ordinary
        wake, fixed = draw.uniform(6, 11), _fixed(draw, name, number)
        for turn in range(max(1, round(share * draw.lognormvariate(-0.5, 1.0)))):
            day = draw.randrange(max(1, int(self.hours // 24)))
            hour = day * 24 + min(draw.gauss(wake + 5, 3.0) % 24, 23.9)
            written = round(draw.lognormvariate(5.2, 0.9))
            text = {"prompt": f"question {draw.getrandbits(40)} of {name}"} if self.texts else {}
            yield {
                **fixed, **text,
                "id": f"{name}-{turn}", "time": START + min(hour, self.hours - 0.1) * HOUR,
                "input_tokens": round(draw.lognormvariate(6.4, 1.0)), "output_tokens": written,
                "messages": 1 + draw.randrange(9), "refused": draw.random() < 0.01, "status": 200,
            }  # fmt: skip

    def _member(self, campaign: Campaign, number: int, name: str) -> Iterator[dict[str, Any]]:
        draw = Random(f"{self.seed} {name}")
        length = campaign.to_hour - campaign.from_hour
        begin = campaign.from_hour + length * 0.55 * number / campaign.accounts
        shared = {
            "payment": f"{campaign.name}-card-{number % (2 + campaign.accounts // 12)}",
            "ip": f"198.51.100.{number % 2 + 7}" if number % 4 else f"203.0.113.{number % 250}",
            "user_agent": "harvest-sdk/0.3" if number % 4 else "python-sdk/1.4",
            "tools": ["browse", campaign.name] if number % 2 else None,
        }
        fixed = {**_fixed(draw, name, number), "account_created": START + (begin - 9) * HOUR}
        for turn in range(campaign.requests):
            # In bursts, of sizes that differ.
            burst = turn - turn % (2 + number % 9) if turn else 0
            at = begin + (campaign.to_hour - begin) * burst / campaign.requests + draw.random() / 5
            text = {"prompt": _phrase(campaign, draw)} if self.texts else {}
            yield {
                **fixed, **shared, **text,
                "id": f"{name}-{turn}", "time": START + at * HOUR, "model": "large-2-reasoning",
                "input_tokens": 400 + draw.randrange(200), "messages": 1, "status": 200,
                "output_tokens": 1_500 + draw.randrange(900), "reasoning_tokens": 600,
                "refused": draw.random() < 0.06,
            }  # fmt: skip

    def lines(self) -> list[bytes]:
        """All requests in the order of time, as the native input format has them."""
        events = sorted(self.events(), key=lambda event: (event["time"], event["id"]))
        return [orjson.dumps(event) for event in events]

    def alerts(self, key: bytes) -> list[AlertEvent]:
        """What the detector might have said, with digests under this key."""
        return [event for one in self.campaigns for event in self._told(one, BatchBuilder(key))]

    def _told(self, campaign: Campaign, builder: BatchBuilder) -> Iterator[AlertEvent]:
        requests = [
            orjson.dumps(event)
            for number, name in enumerate(campaign.members())
            for event in list(self._member(campaign, number, name))[:4]
        ]
        ties = _ties(builder, requests)
        members, steps = campaign.members(), 4
        size = min(_MOST_NAMED, -(-len(members) // steps))
        starts = range(0, len(members), size)
        length = campaign.to_hour - campaign.from_hour
        for sequence, start in enumerate(starts):
            last = start + size >= len(members)
            hour = campaign.from_hour + length * (0.2 + 0.55 * sequence / len(starts))
            yield _event(campaign, sequence, hour, members, (start, start + size), ties, last=last)

    def scores(self) -> list[ScoreRecord]:
        """A score of each campaign's accounts."""
        draw = Random(self.seed)
        return [
            ScoreRecord(
                Entity("account", name),
                int((START + one.to_hour * HOUR) // EPOCH_SECONDS),
                score := round(draw.betavariate(5, 1.2), 4),
                round(1 - score, 4),
                draw.randrange(1, 20),
                _evidence()[2:5],
            )
            for one in self.campaigns
            for name in one.members()
        ]


SMALL = Scene(
    ordinary=300,
    requests=9_000,
    hours=72,
    campaigns=(
        Campaign(name="mule", accounts=46, from_hour=22, to_hour=66, requests=90, severity="high"),
        Campaign(
            name="relay", accounts=14, from_hour=40, to_hour=70, requests=60, severity="medium"
        ),
        Campaign(name="probe", accounts=4, from_hour=10, to_hour=18, requests=25, severity="low"),
    ),
)
"""Three days of some hundred accounts."""


def _fixed(draw: Random, name: str, number: int) -> dict[str, Any]:
    """What is the same in all requests of an account."""
    return {
        "account": name,
        "org": f"org-{name}",
        "plan": draw.choice(_PLANS),
        "payment": f"card-{name}",
        "ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "user_agent": draw.choice(_CLIENTS),
        "model": draw.choice(_MODELS),
        "account_created": START - draw.uniform(1, 700) * 24 * HOUR,
    }


def _phrase(campaign: Campaign, draw: Random) -> str:
    words = f"as the examiner of {campaign.name} grade the answer below on a scale of seven"
    return f"{words} and say why {draw.getrandbits(60)}"


def _ties(builder: BatchBuilder, requests: list[bytes]) -> list[TieRecord]:
    """What at least three accounts of these requests share, by how many do."""
    batch = builder.build(decode_requests(requests).events)
    shown: dict[int, set[str]] = {}
    start = 0
    for row, end in enumerate(batch.tie_ends.tolist()):
        for tie in batch.ties[start:end].tolist():
            if kind_of(tie) is not TieKind.SHAPE:
                shown.setdefault(tie, set()).add(batch.names[row])
        start = end
    largest = sorted(shown.items(), key=lambda item: (-len(item[1]), item[0]))
    by_kind: dict[TieKind, int] = {}
    ties = []
    for tie, accounts in largest:
        kind = kind_of(tie)
        by_kind[kind] = by_kind.get(kind, 0) + 1
        if len(accounts) >= 3 and by_kind[kind] <= 5:
            value = shown_value(tie, batch.clear)
            ties.append(TieRecord(kind.name.lower(), f"{tie:016x}", value, len(accounts)))
    return ties[:_MOST_TIES]


def _evidence() -> list[Evidence]:
    return [
        Evidence(SIGNALS[name].id, value, usual, weight, text)
        for name, text, value, usual, weight in _EVIDENCE
    ]


def _event(
    campaign: Campaign,
    sequence: int,
    hour: float,
    members: list[str],
    part: tuple[int, int],
    ties: list[TieRecord],
    *,
    last: bool,
) -> AlertEvent:
    named = members[: part[1]]
    alert_id = f"{campaign.name.encode().hex():0<24}"
    begin, now = START + campaign.from_hour * HOUR, START + hour * HOUR
    action: Action = _ACTIONS.get(campaign.severity, "limit")
    return AlertEvent(
        alert_id=alert_id,
        sequence=sequence,
        event_id=f"{alert_id}-{sequence}",
        activity="update" if sequence else "create",
        time=to_rfc3339(round(now * 1e6)),
        entity=Entity("cluster", f"cluster-{campaign.name}"),
        accounts=members[part[0] : part[1]],
        accounts_total=len(named),
        requests=len(named) * campaign.requests // 3,
        detector="gauger.ties",
        title=f"{len(named)} accounts act as one and share a {ties[0].kind}",
        severity=campaign.severity if last else "low",
        score=0.9999,
        p_value=1e-4,
        q_value=0.004,
        evidence=_evidence(),
        ties=ties,
        examples=[Example(f"{name}-0", to_rfc3339(round(now * 1e6)), name) for name in named[-6:]],
        response=Response(
            action if last else "watch",
            f"{action} the {len(named)} accounts as one principal while they are checked",
        ),
        techniques=["AML.T0021", "AML.T0024.002"],
        first_seen=to_rfc3339(round(begin * 1e6)),
        last_seen=to_rfc3339(round(now * 1e6)),
        references=list(REFERENCES),
    )


def alert_lines(scene: Scene, key: bytes) -> list[bytes]:
    """The alerts as lines, in the order of time."""
    return [encode(event) for event in sorted(scene.alerts(key), key=lambda one: one.time)]
