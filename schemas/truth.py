"""Labels of recorded or simulated traffic: which accounts served which campaign, and when."""

from __future__ import annotations

import msgspec

from schemas.alert import Total
from schemas.request import Identifier
from schemas.times import EventTime


class Evasion(msgspec.Struct, frozen=True, gc=False):
    """A way in which a campaign hides, with its intensity."""

    name: str
    intensity: float


class CampaignAccount(msgspec.Struct, frozen=True, gc=False):
    """An account and the time during which it served the campaign; no end when still active.

    On the wire `start` and `end` are `from` and `to`. Decoded records carry them as Unix seconds.
    """

    id: Identifier
    start: EventTime = msgspec.field(name="from")
    end: EventTime | None = msgspec.field(name="to", default=None)


class Campaign(msgspec.Struct, frozen=True, gc=False):
    """One campaign; `harvest` counts its harvest requests as (Unix minute, requests)."""

    id: Identifier
    family: str
    evasions: list[str | Evasion]
    accounts: list[CampaignAccount]
    harvest: list[tuple[Total, Total]]


class Truth(msgspec.Struct, frozen=True, gc=False):
    """All campaigns of some traffic, and the number of requests that belong to none."""

    campaigns: list[Campaign]
    benign_requests: Total
