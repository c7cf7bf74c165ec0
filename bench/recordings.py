"""Recordings to measure on: simulated traffic in memory, and plain synthetic requests by number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from stream.simulator import Simulation, named_scenario

START = 1_788_739_200.0
LINE_BYTES = 1_200
EPOCH_SECONDS = 300.0
_TEXTS = ("system", "prompt")
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_PHRASES = 100


def simulated(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """The first requests of the quiet scenario, prompts cut to lines of 1.2 kB on average."""
    lines = islice(Simulation(named_scenario("quiet"), seed=seed).lines(), count)
    events = [orjson.loads(line) for line in lines]
    size = sum(len(orjson.dumps(event)) for event in events) / len(events)
    characters = sum(len(event.get("prompt") or "") for event in events) / len(events)
    share = 1.0 - max(0.0, size - LINE_BYTES) / characters
    for event in events:
        if event.get("prompt"):
            event["prompt"] = event["prompt"][: round(len(event["prompt"]) * share)]
    return events


def without_text(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same requests as metadata only."""
    return [
        {name: value for name, value in event.items() if name not in _TEXTS} for event in events
    ]


def spaced(events: list[dict[str, Any]], per_epoch: int, first: int = 0) -> list[bytes]:
    """Lines of the requests, in their order, at an even rate of so many an epoch.

    The first of them is number `first` of the recording.
    """
    step = EPOCH_SECONDS / per_epoch
    return [
        orjson.dumps({**event, "time": round(START + row * step, 6)})
        for row, event in enumerate(events, first)
    ]


def of_accounts(accounts: int, count: int, first: int, per_epoch: int) -> Iterator[bytes]:
    """Requests `first`, `first` + 1, … of accounts that take turns, each with values of its own."""
    step = EPOCH_SECONDS / per_epoch
    for number in range(first, first + count):
        account = number % accounts
        yield orjson.dumps(
            {
                "id": f"req_{number}",
                "time": round(START + number * step, 6),
                "account": f"acct_{account}",
                "model": "large",
                "ip": f"10.{account >> 16 & 255}.{account >> 8 & 255}.{account & 255}",
                "user_agent": f"client/{account % 20}",
                "payment": f"pay_{account}",
                "plan": "payg",
                "account_created": START - 86_400.0 * (account % 1_000),
                "input_tokens": 100 + number % 1_000,
                "output_tokens": 50 + number % 500,
                "messages": 1 + number % 9,
                "status": 200,
                "prompt": " ".join(_word(account, place) for place in range(30)),
            }
        )


def of_shared_fragments(accounts: int, per_epoch: int) -> Iterator[bytes]:
    """One request an account, of about 22 fragments.

    Nearly ten are its own, two are shared with one other account, and ten are of a thousand
    fragments each of which every hundredth account shares.
    """
    step = EPOCH_SECONDS / per_epoch
    for account in range(accounts):
        own = [_word(account, place) for place in range(80)]
        pair = [_word(accounts + account // 2, place) for place in range(20)]
        many = [_word(2 * accounts + account % _PHRASES, place) for place in range(84)]
        yield orjson.dumps(
            {
                "id": f"req_{account}",
                "time": round(START + account * step, 6),
                "account": f"acct_{account}",
                "prompt": " ".join([*own, *pair, *many]),
            }
        )


def _word(number: int, place: int) -> str:
    """A word that stands for two numbers; in letters, as digits all count alike."""
    return f"{number}x{place}".translate(_LETTERS)
