"""Small runs that several tests look at: generated once, little kept beside their campaign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from schemas.codec import decode_requests
from schemas.request import RequestEvent
from stream.simulator import Simulation, named_scenario

Event: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A run: every request's time, and whole the requests of accounts that serve the campaign."""

    simulation: Simulation
    truth: dict[str, Any]
    times: NDArray[np.float64]
    sent: list[Event]
    ordinary_times: NDArray[np.float64]
    rejected: int
    unknown_fields: dict[str, int]
    youngest: float
    crossed_signatures: int
    shows_plan: frozenset[str]

    @property
    def campaign(self) -> dict[str, Any]:
        found: dict[str, Any] = self.truth["campaigns"][0]
        return found

    @property
    def members(self) -> set[str]:
        return {account["id"] for account in self.campaign["accounts"]}

    def encoded_truth(self) -> bytes:
        return orjson.dumps(self.truth)


@cache
def run(name: str, seed: int = 5, scale: float = 0.04) -> Run:
    """The run of a scenario; the same one for everybody who asks."""
    simulation = Simulation(named_scenario(name).scaled(scale), seed)
    lines = list(simulation.lines())
    truth = simulation.truth.record()
    decoded = decode_requests(lines)
    members = {account["id"] for each in truth["campaigns"] for account in each["accounts"]}
    belongs = np.array([event.account in members for event in decoded.events])
    times = np.array([float(event.time) for event in decoded.events])
    return Run(
        simulation=simulation,
        truth=truth,
        times=times,
        sent=[orjson.loads(lines[row]) for row in np.flatnonzero(belongs)],
        ordinary_times=times[~belongs],
        rejected=len(decoded.rejects),
        unknown_fields=decoded.unknown_fields,
        youngest=min(_ages(decoded.events)),
        crossed_signatures=_crossed(decoded.events),
        shows_plan=frozenset(event.account for event in decoded.events if event.plan),
    )


def _ages(events: list[RequestEvent]) -> list[float]:
    return [
        float(event.time) - float(event.account_created)
        for event in events
        if event.account_created is not None
    ]


def _crossed(events: list[RequestEvent]) -> int:
    """Presentations of a signature by another account than it was issued to."""
    owner: dict[str, str] = {}
    crossed = 0
    for event in events:
        for name in event.signatures_presented or ():
            crossed += owner.get(name, event.account) != event.account
        for name in event.signatures_issued or ():
            owner[name] = event.account
    return crossed
