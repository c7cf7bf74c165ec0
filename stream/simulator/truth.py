"""What really happened: campaigns, their accounts' windows, harvest requests a minute."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from stream.simulator.campaigns import Campaign
from stream.simulator.render import Renderer, stamp
from stream.simulator.rows import Rows
from stream.simulator.world import World


class TruthKeeper:
    """Counts harvest and cover as events go by."""

    def __init__(self, world: World, campaigns: list[Campaign], renderer: Renderer) -> None:
        self._world, self._campaigns, self._renderer = world, campaigns, renderer
        self.benign = 0
        self._harvest: list[Counter[int]] = [Counter() for _ in campaigns]
        self._cover = [0] * len(campaigns)
        people = world.people.table.size
        self._first = np.full(people, np.inf)
        self._last = np.full(people, -np.inf)

    def add(self, rows: Rows) -> None:
        """Takes note of events that are written."""
        self.benign += int((rows["campaign"] < 0).sum())
        part = rows[rows["campaign"] >= 0]
        np.minimum.at(self._first, part["account"], part["time"])
        np.maximum.at(self._last, part["account"], part["time"])
        for number in np.unique(part["campaign"]).tolist():
            own = part[part["campaign"] == number]
            harvest = own[own["harvest"]]
            self._cover[number] += own.size - harvest.size
            minutes, counts = np.unique(
                (harvest["time"] // 60).astype(np.int64), return_counts=True
            )
            self._harvest[number].update(dict(zip(minutes.tolist(), counts.tolist(), strict=True)))

    def record(self) -> dict[str, Any]:
        """The truth as the contract's section 5 has it, with the sizes used."""
        campaigns = [self._campaign(campaign) for campaign in self._campaigns]
        return {"campaigns": campaigns, "benign_requests": self.benign}

    def _campaign(self, campaign: Campaign) -> dict[str, Any]:
        used = [number for number in campaign.accounts.tolist() if np.isfinite(self._first[number])]
        size = campaign.size
        return {
            "id": campaign.name,
            "family": campaign.plan.family,
            "evasions": sorted(campaign.plan.evasions),
            "intensities": campaign.plan.evasions,
            "accounts": [
                {
                    "id": self._renderer.account_name(number),
                    "from": stamp(self._first[number]),
                    "to": stamp(self._last[number] + 1.0),
                }
                for number in used
            ],
            "harvest": [list(item) for item in sorted(self._harvest[campaign.number].items())],
            "cover_requests": self._cover[campaign.number],
            "draw": campaign.draw,
            "published": campaign.published.source,
            "used": {
                "accounts": size.accounts, "requests_per_account_day": round(size.rate, 3),
                "days": round(size.days, 3), "rate_factor": round(size.rate_factor, 4),
            },
        }  # fmt: skip
