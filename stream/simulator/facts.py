"""Facts that come as records of their own: sign-ups of some accounts, and bans."""

from __future__ import annotations

import numpy as np
import orjson

from stream.simulator.campaigns import Campaign
from stream.simulator.randomness import uniform_of
from stream.simulator.render import Renderer, stamp
from stream.simulator.rows import drop_mask
from stream.simulator.world import World

_INLINE = drop_mask("payment", "plan", "account_created", "org")


def withhold_facts(world: World) -> None:
    """Takes sign-up facts out of the requests of a share of the accounts."""
    people = world.people.table
    apart = uniform_of(np.arange(people.size), 301) < world.scenario.facts_share
    people["mask"][apart] |= _INLINE


def fact_lines(world: World, campaigns: list[Campaign], renderer: Renderer) -> list[bytes]:
    """Facts records in time order, one JSON line each."""
    people, scenario = world.people.table, world.scenario
    apart = np.flatnonzero(people["mask"] & _INLINE == _INLINE)
    times = np.maximum(people["created"][apart], scenario.start)
    records = [
        (time, {**renderer.facts(account), "time": stamp(time), "status": "active"})
        for account, time in zip(apart.tolist(), times.tolist(), strict=True)
        if time < scenario.end
    ]
    for campaign in campaigns:
        for account, time in campaign.bans():
            name = renderer.account_name(account)
            records.append((time, {"account": name, "time": stamp(time), "status": "banned"}))
    records.sort(key=lambda item: (item[0], item[1]["account"]))
    return [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for _, record in records]
