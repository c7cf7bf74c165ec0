"""People in browsers and apps: time zones, weekends, chats of a few turns, viral prompts."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.rows import Rows, drop_mask


class People(Crowd):
    """Many accounts with few requests each; some live behind mobile gateways or VPN exits."""

    name = "people"
    profile = Profile(
        plans={"free": 5, "pro": 4, "payg": 1, "education": 0.5},
        routes={"app": 9, "api": 1},
        networks={"home": 6, "mobile": 3, "vpn": 0.7, "office": 0.3},
        clients={"browser": 5, "app": 4, "sdk": 0.6},
        models={
            "lyra-3": 5,
            "lyra-3-mini": 3,
            "lyra-3-reason": 2,
            "lyra-3-large": 1,
            "lyra-2": 0.5,
        },
        temperature=0.1,
        max_tokens=0.15,
        org=0.03,
        mask=drop_mask("api_key", "tools"),
    )
    habits = Habits(
        turns=3.4,
        think=70.0,
        weekend=0.85,
        tail=1.3,
        spread=0.9,
        single=0.3,
        keeps_session=0.95,
        curves={"evening": 4, "day": 4, "office": 2, "owl": 1.5},
    )

    context = None
    answers = ("azure_conv", "output_tokens")

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Chats, a few of them viral prompts, some with images."""
        super().speak(rng, rows)
        shared = np.flatnonzero((rows["turn"] == 0) & (rng.random(rows.size) < 0.006))
        viral = self.world.viral
        rows["fixed"][shared] = viral[(viral.size * rng.random(shared.size) ** 2).astype(np.int64)]
        rows["images"] = (rng.random(rows.size) < 0.05) * rng.integers(1, 4, rows.size)
