"""Traffic without end: accounts come and go, and what they share with them.

Light to make, so that months of it can be played; every day is drawn from its own seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import orjson

START = 20_454 * 86_400
DAY = 86_400

_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu".split()
_PLANS = ("free", "payg", "pro", "team", "enterprise")
_OFFICE = 3
_LIFE_DAYS = 20
_CLIENTS = 12
_CAMPAIGN_EVERY, _CAMPAIGN_DAYS, _CAMPAIGN_ACCOUNTS = 5, 4, 10
_CAMPAIGN_SHARE = 0.15
_SILENT_SHARE = 0.5
_AGAIN = 0.01


class Day(NamedTuple):
    """A day of traffic.

    Attributes:
        requests: Lines of requests, by time.
        facts: Lines of facts on who signed up that day.
        active: Accounts that have sent something.
    """

    requests: list[bytes]
    facts: list[bytes]
    active: set[str]


@dataclass
class _Account:
    """What an account shows with each request."""

    name: str
    shown: dict[str, Any]
    habit: str


class Turnover:
    """Ordinary accounts of which one in twenty is replaced each day, and campaigns that move on.

    Args:
        accounts: Ordinary accounts at any time; three of them are an office.
        requests: Requests a day.
        seed: Of all that is random.
    """

    def __init__(self, accounts: int, requests: int, seed: int) -> None:
        self._requests = requests
        self._seed = seed
        self._random = Random(seed)
        self._made = 0
        self._clients = [f"client-{number}/0" for number in range(_CLIENTS)]
        self._signatures: list[str] = []
        self._signed_up: list[bytes] = []
        self._offices = [self._office(0) for _ in range(-(-accounts // _OFFICE))]
        self._campaign: list[_Account] = []

    def days(self, count: int) -> Iterator[Day]:
        """So many days, one after the other."""
        for number in range(count):
            self._random = Random(f"{self._seed}-{number}")
            self._turn(number)
            facts, self._signed_up = self._signed_up, []
            ordinary = [account for office in self._offices for account in office]
            rows = sorted(self._drawn(number, ordinary), key=lambda row: row[0])
            active = {name for _, name, _ in rows}
            yield Day([line for _, _, line in rows], facts, active)

    def _turn(self, number: int) -> None:
        """Whoever leaves is replaced; some sign up of whom nothing will be heard."""
        random = self._random
        for place in range(len(self._offices)):
            if number and random.random() < 1 / _LIFE_DAYS:
                self._offices[place] = self._office(number)
        client = random.randrange(_CLIENTS)
        self._clients[client] = f"client-{client}/{number}"
        age = number % _CAMPAIGN_EVERY
        if age == 0:
            if number % 2:
                # Else its conversations would tie it to those before it for ever.
                self._signatures = []
            fragment = self._words(40)
            self._campaign = [
                self._account(number, f"card-c{number}-{member // 5}", fragment)
                for member in range(_CAMPAIGN_ACCOUNTS)
            ]
        elif age == _CAMPAIGN_DAYS:
            self._campaign = []
        for _ in range(round(len(self._offices) * _OFFICE / _LIFE_DAYS * _SILENT_SHARE)):
            self._account(number, f"card-s{self._made}", "")

    def _office(self, number: int) -> list[_Account]:
        card = f"card-{self._made}"
        return [self._account(number, card, self._words(25)) for _ in range(_OFFICE)]

    def _account(self, number: int, card: str, habit: str) -> _Account:
        random = self._random
        self._made += 1
        created = START + number * DAY
        name = f"account-{self._made}"
        shown = {
            "payment": card,
            "plan": random.choice(_PLANS),
            "ip": f"10.{self._made // 250 % 250}.{self._made % 250}.{random.randrange(1, 250)}",
            "user_agent": random.choice(self._clients),
        }
        facts = {"account": name, "time": created, "account_created": created, "payment": card}
        self._signed_up.append(orjson.dumps(facts))
        return _Account(name, shown, habit)

    def _words(self, count: int) -> str:
        return " ".join("".join(self._random.choices(_SYLLABLES, k=3)) for _ in range(count))

    def _drawn(self, number: int, ordinary: list[_Account]) -> Iterator[tuple[float, str, bytes]]:
        random, campaign = self._random, self._campaign
        for request in range(self._requests):
            harvest = bool(campaign) and random.random() < _CAMPAIGN_SHARE
            account = random.choice(campaign if harvest else ordinary)
            time = START + (number + random.random()) * DAY
            row = self._row(f"r{number}-{request}", time, account, harvest=harvest)
            line = orjson.dumps(row)
            yield time, account.name, line
            if random.random() < _AGAIN:
                yield time, account.name, line

    def _row(self, name: str, time: float, account: _Account, *, harvest: bool) -> dict[str, Any]:
        random = self._random
        row = {
            "id": name,
            "time": time,
            "account": account.name,
            **account.shown,
            "prompt": f"{account.habit} {self._words(random.randrange(8, 25))}",
            "input_tokens": random.randrange(10, 2_000),
            "output_tokens": 1_950 if harvest else random.randrange(5, 1_500),
            "messages": 1 if harvest else random.randrange(1, 9),
            "signatures_issued": [f"signature-{name}"],
        }
        if harvest and self._signatures:
            row["signatures_presented"] = [random.choice(self._signatures)]
        if harvest:
            self._signatures = [*self._signatures[-30:], f"signature-{name}"]
        return row
