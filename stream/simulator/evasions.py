"""What campaigns do against detection; each evasion has an intensity in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream.simulator.outcome import block
from stream.simulator.randomness import Floats, Ints, uniform_of
from stream.simulator.rhythm import CURVE_NAMES, DAY, Day, moments
from stream.simulator.rows import ROUTES, Rows, drop_mask

if TYPE_CHECKING:
    from stream.simulator.campaigns.base import Campaign

_SANITISED = drop_mask(
    "ip", "asn", "country", "user_agent", "tls_fingerprint", "session", "end_user"
)
_OTHER_ROUTES = ("cloud:aurora", "cloud:borealis", "cloud:cirrus", "router:meridian")


class Evasions:
    """The evasions of one campaign; those not asked for do nothing."""

    def __init__(self, intensities: dict[str, float]) -> None:
        self._intensities = intensities

    def __getitem__(self, name: str) -> float:
        return self._intensities.get(name, 0.0)

    def cover_share(self, family: float) -> float:
        """`cover`: up to nine tenths of an account's requests are unrelated to the harvest."""
        return max(family, 0.9 * self["cover"])

    def generations(self) -> int:
        """`rotate`: how many accounts follow each other in one place."""
        return 1 + round(5 * self["rotate"])

    def rotate(self, rng: np.random.Generator, campaign: Campaign) -> None:
        """`rotate`: each place is held by one account after another, banned at uneven times."""
        generations = self.generations()
        if generations == 1:
            return
        span, slots = campaign.end - campaign.start, campaign.size.accounts
        cuts = np.sort(rng.random((slots, generations - 1)), axis=1)
        edges = np.hstack([np.zeros((slots, 1)), cuts, np.ones((slots, 1))])
        idle = rng.exponential(0.01, (slots, generations)) * (np.arange(generations) > 0)
        begins = np.minimum(edges[:, :-1] + idle, edges[:, 1:])
        campaign.harvest_from = (campaign.start + span * begins).T.ravel()
        campaign.until = (campaign.start + span * edges[:, 1:]).T.ravel()

    def isolate(self, rng: np.random.Generator, campaign: Campaign, accounts: Ints) -> None:
        """`isolate`: that share of the accounts has a payment and a home address of its own."""
        alone = accounts[rng.random(accounts.size) < self["isolate"]]
        if not alone.size:
            return
        people = campaign.world.people
        who = people.table
        who["payment"][alone] = people.new_payments(alone.size)
        who["org"][alone] = -1
        countries = who["country"][alone].astype(np.int64)
        blocks = [people.networks.new("home", code) for code in countries.tolist()]
        who["network"][alone] = blocks
        who["network_alt_share"][alone] = 0.0

    def split(self, rng: np.random.Generator, campaign: Campaign, accounts: Ints) -> None:
        """`split`: that share of the accounts comes over other routes, their metadata sanitised."""
        moved = accounts[rng.random(accounts.size) < self["split"]]
        who = campaign.world.people.table
        routes = np.array([ROUTES.index(name) for name in _OTHER_ROUTES])
        who["route"][moved] = routes[rng.integers(0, routes.size, moved.size)]
        who["route_alt_share"][moved] = 0.0
        who["mask"][moved] |= _SANITISED

    def warm_up(self, rng: np.random.Generator, campaign: Campaign, accounts: Ints) -> None:
        """`warmup`: accounts behave well for one to four weeks before their harvest."""
        intensity = self["warmup"]
        if intensity == 0.0:
            return
        who = campaign.world.people.table
        ahead = DAY * (7.0 + 21.0 * intensity) * rng.uniform(0.6, 1.2, accounts.size)
        campaign.since = np.minimum(campaign.since, campaign.harvest_from - ahead)
        who["created"][accounts] = np.minimum(who["created"][accounts], campaign.since - 3600.0)

    def jitter(
        self, rng: np.random.Generator, times: Floats, owner: Ints, day: Day, campaign: Campaign
    ) -> Floats:
        """`jitter`: that share of the times follows each account's own human-looking day."""
        if self["jitter"] == 0.0 or not owner.size:
            return times
        accounts = campaign.accounts[owner]
        human = [CURVE_NAMES.index(name) for name in ("office", "evening", "day", "owl")]
        curves = np.array(human)[(uniform_of(accounts, 91) * len(human)).astype(np.int64)]
        zones = campaign.world.people.table["zone"][accounts] + 3.0 * uniform_of(accounts, 92)
        return np.where(
            rng.random(owner.size) < self["jitter"], moments(rng, day, curves, zones), times
        )

    def failover(self, rows: Rows, campaign: Campaign) -> None:
        """`failover`: blocked pathways answer 403 or 429 for minutes, then their load moves on.

        The accounts form pools on different routes; the more intense, the more pathways are blocked
        and the sooner traffic moves.
        """
        intensity = self["failover"]
        if intensity == 0.0:
            return
        pool = rows["account"] % 2
        switches = 1 + round(4 * intensity)
        span = (campaign.end - campaign.start) / (switches + 1)
        phase = np.floor((rows["time"] - campaign.start) / span)
        blocked = (phase >= 1) & (phase.astype(np.int64) % 2 == pool)
        into = rows["time"] - (campaign.start + phase * span)
        noticing = 300.0 + 3_300.0 * (1.0 - intensity)
        failing = blocked & (into < noticing)
        rows["status"][failing] = np.where(uniform_of(rows["session"][failing], 93) < 0.5, 403, 429)
        block(rows, failing)
        moved = blocked & ~failing
        routes = np.array([ROUTES.index(name) for name in _OTHER_ROUTES])
        rows["route"][moved] = routes[
            (phase[moved].astype(np.int64) + campaign.number) % routes.size
        ]
