"""Traits that campaign accounts have in common with ordinary ones, borrowed from donors.

Whoever buys accounts, rents exits and installs popular libraries looks mostly like everybody
else. So each group of traits is, for most accounts of a campaign, that of some ordinary account.
Donors are drawn by their request rates: harvest should look like the traffic, not like the crowd.
"""

from __future__ import annotations

import numpy as np

from stream.simulator.networks import Networks
from stream.simulator.randomness import Ints, pick
from stream.simulator.world import World

_GROUPS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("route", "route_alt", "route_alt_share", "mask"),
    ("client", "client_alt", "client_alt_share"),
    ("model", "model_alt", "model_alt_share", "adopts", "explores"),
    ("temperature", "max_tokens", "varies", "samples"),
    ("context", "answer", "verbosity", "shots"),
    ("wordiness",),
    ("refusal",),
    ("roams", "host_days", "network_alt_share"),
)
_POOLED = {"office": "home", "campus": "home"}


def borrow(world: World, rng: np.random.Generator, accounts: Ints, least: float = 0.65) -> None:
    """Gives accounts traits of donors; the share of borrowers differs by group and campaign."""
    who = world.people.table
    weights = np.where(who["campaign"] < 0, who["rate"], 0.0)
    # A single huge customer would otherwise be everyone's donor.
    weights = np.minimum(weights, 40.0 * weights.mean())
    for group in _GROUPS:
        donors = pick(rng, weights, accounts.size)
        takes = rng.random(accounts.size) < rng.uniform(least, 1.0)
        for name in group:
            who[name][accounts[takes]] = who[name][donors[takes]]
    donors = pick(rng, weights, accounts.size)
    takes = rng.random(accounts.size) < rng.uniform(least, 1.0)
    who["country"][accounts[takes]] = who["country"][donors[takes]]
    who["zone"][accounts[takes]] = who["zone"][donors[takes]]
    blocks = similar_blocks(
        world.networks, who["network"][donors[takes]], who["country"][donors[takes]]
    )
    who["network"][accounts[takes]] = blocks
    who["network_alt"][accounts[takes]] = blocks


def similar_blocks(networks: Networks, blocks: Ints, countries: Ints) -> Ints:
    """A block of the same kind and country for each block; nobody's own office or campus."""
    kinds = np.array(
        [_POOLED.get(networks.kinds[block], networks.kinds[block]) for block in blocks.tolist()]
    )
    drawn = np.zeros(blocks.size, dtype=np.int64)
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero(kinds == kind)
        drawn[rows] = networks.draw(kind, countries[rows].astype(np.int64))
    return drawn
