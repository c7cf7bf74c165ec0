"""Synthetic traffic for tests of the whole detector: ordinary accounts and a planted campaign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

import orjson

from models.evidence.calibration import Curve, Reference
from models.evidence.tie_score import TieScore
from models.options import BudgetOptions, EpochOptions, LearningOptions
from schemas.codec import encode
from schemas.deadletter import DeadLetter
from stream.replay import local
from stream.replay.local import LocalRun
from stream.replay.outcome import Outcome
from stream.settings import Settings

START = 20_370 * 86_400
DAY = 86_400
EPOCH = 1_800
SETTINGS = Settings(
    epoch=EpochOptions(seconds=EPOCH, lateness_seconds=120),
    budget=BudgetOptions(
        false_alerts_per_day=100.0, false_alerts_per_million=10_000.0, false_discovery_share=0.5
    ),
    learning=LearningOptions(hours=6.0),
)
"""Long epochs keep runs short; the generous budget lets a small recording raise an alert."""

CANARY = "quetzalcanary"
PAYMENT_CANARY = "card-xylophone-canary"
KEY_CANARY = "key-zeppelin-canary"

_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu".split()
_CLIENTS = ("python-sdk/1.4", "node-sdk/3.1", "curl/8.5", "desktop/2.0", "mobile/5.2", "ide/0.9")
_PLANS = ("free", "payg", "pro", "team", "enterprise", "research")


def scored() -> TieScore:
    """A tie score for these recordings: what most requests of young accounts share stands out."""
    weights = {"dominance": 300.0, "age.level": -60.0}
    # Nothing is known of the bulk, far below, so that the scores mean the same all along.
    reference = Reference(Curve([0.05], [0.0], 1.0), Curve([1_000.0], [0.0], 1.0))
    return TieScore(weights, {"fragment": -210.0}, reference)


def open_run(partitions: int = 1, shuffle: int | None = None) -> LocalRun:
    """A run with the score of these recordings."""
    with patch.object(local, "shipped", scored):
        return LocalRun(SETTINGS, partitions, shuffle)


def load_run(data: bytes, partitions: int = 1, shuffle: int | None = None) -> LocalRun:
    """The run that `save` made bytes of, with the score of these recordings."""
    with patch.object(local, "shipped", scored):
        return LocalRun.load(data, SETTINGS, partitions, shuffle)


@dataclass
class Heard:
    """What a run gave out, encoded."""

    alerts: list[bytes] = field(default_factory=list)
    scores: list[bytes] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    def take(self, outcome: Outcome) -> None:
        self.alerts += [encode(alert) for alert in outcome.alerts]
        self.scores += [encode(score) for score in outcome.scores]
        self.dead_letters += outcome.dead_letters


def play(run: LocalRun, lines: Sequence[bytes], size: int = 200, *, finish: bool = True) -> Heard:
    """Feed a recording in blocks, end its source, and (unless told otherwise) close all epochs."""
    heard = Heard()
    source = run.open_source()
    for first in range(0, len(lines), size):
        heard.take(run.feed(source, first, list(lines[first : first + size])))
    heard.take(run.close_source(source))
    if finish:
        heard.take(run.finish())
    return heard


def line(**fields: Any) -> bytes:
    return orjson.dumps(fields)


def time_of(one: bytes) -> float:
    return float(orjson.loads(one)["time"])


def recording(
    accounts: int = 260,
    requests: int = 9,
    members: int = 20,
    seed: int = 5,
    pool: Iterable[dict[str, Any]] | None = None,
) -> list[bytes]:
    """Three days in order of time: `accounts` unlike accounts, and a campaign.

    It has `members`, unless a `pool` takes its place.
    """
    random = Random(seed)
    campaign = _campaign(random, members) if pool is None else pool
    rows = [*_ordinary(random, accounts, requests), *campaign]
    rows.sort(key=lambda row: (row["time"], row["id"]))
    return [orjson.dumps(row) for row in rows]


def _words(random: Random, count: int) -> str:
    return " ".join("".join(random.choices(_SYLLABLES, k=3)) for _ in range(count))


def _ordinary(random: Random, accounts: int, requests: int) -> Iterator[dict[str, Any]]:
    boilerplate = _words(random, 45)
    for number in range(accounts):
        team = number // 4 if number < accounts // 3 else number
        length = random.lognormvariate(3.5, 0.6)
        facts = {
            "account": f"user-{number}",
            "org": f"org-{team}",
            "payment": f"card-{team}",
            "plan": random.choice(_PLANS),
            "account_created": START - random.randrange(400 * DAY),
            "ip": f"10.{team % 200}.{number % 250}.7",
            "user_agent": random.choice(_CLIENTS),
        }
        awake = random.uniform(0, 15)
        for request in range(max(3, round(random.lognormvariate(0, 0.5) * requests))):
            moment = START + random.randrange(3) * DAY + (awake + random.uniform(0, 9)) * 3600
            prompt = _words(random, max(8, round(random.lognormvariate(0, 0.7) * length)))
            if random.random() < 0.1:
                prompt = f"{boilerplate} {prompt}"
            yield {
                "id": f"r{number}-{request}",
                "time": round(moment, 3),
                **facts,
                "prompt": prompt,
                "input_tokens": round(random.lognormvariate(6, 1)),
                "output_tokens": round(random.lognormvariate(5, 1)),
                "messages": random.randrange(1, 12),
                "signatures_issued": [f"sig-{number}-{request}-{part}" for part in range(2)],
            }


def pooled(
    names: Sequence[str], begin: float, end: float, step: float, seed: int = 6
) -> Iterator[dict[str, Any]]:
    """Accounts that sign up together and are dealt a request in turn, each with one fragment."""
    random = Random(seed)
    fragment = _words(Random(1), 40)
    for request in range(int((end - begin) / step)):
        name = names[request % len(names)]
        yield {
            "id": f"{name}-{request}",
            "time": begin + request * step,
            "account": name,
            "plan": "payg",
            "account_created": begin - 3600,
            "ip": f"198.51.{sum(name.encode()) % 250}.{len(name)}",
            "user_agent": "python-sdk/1.4",
            "prompt": f"{_words(random, 12)} {fragment} {_words(random, random.randrange(5, 25))}",
            "input_tokens": 400 + random.randrange(20),
            "output_tokens": 1_900 + random.randrange(100),
            "messages": 1,
        }


def _campaign(random: Random, members: int) -> Iterator[dict[str, Any]]:
    """Young accounts dealt in turn round the clock for two days, some replaced every eight hours.

    One fragment is in every request, and every five accounts share a payment.
    """
    fragment = f"{_words(random, 30)} {CANARY} {_words(random, 30)}"
    begin = START + 0.75 * DAY
    for request in range(576):
        member = request % members + request // 96 * members // 4
        yield {
            "id": f"h{request}",
            "time": begin + request * 300 + random.randrange(200),
            "account": f"mule-{member}",
            "api_key": f"{KEY_CANARY}-{member}",
            "payment": f"{PAYMENT_CANARY}-{member // 5}",
            "plan": "payg",
            "account_created": begin + request // 96 * 8 * 3600 - 3600 * (1 + member % 3),
            "ip": f"198.51.100.{member}",
            "user_agent": "python-sdk/1.4",
            "prompt": f"{_words(random, 12)} {fragment} {_words(random, random.randrange(5, 25))}",
            "input_tokens": 400 + random.randrange(20),
            "output_tokens": 1_900 + random.randrange(100),
            "messages": 1,
        }
