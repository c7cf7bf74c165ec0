"""Permitted routers and gateways: one account carries many people, who is behind it is stripped."""

from __future__ import annotations

import numpy as np

from stream.simulator.accounts import Profile
from stream.simulator.ordinary.base import Crowd, Habits
from stream.simulator.randomness import mix
from stream.simulator.rows import MODELS, Rows, drop_mask


class Gateways(Crowd):
    """Few, very heavy accounts with every language, model and task."""

    name = "gateways"
    profile = Profile(
        plans={"enterprise": 5, "team": 2, "payg": 3, "startup": 1},
        routes={"api": 4, "router:meridian": 3, "cloud:aurora": 1},
        networks={"datacentre": 1.0},
        clients={"gateway": 7, "sdk": 2, "script": 1},
        org=0.7,
        roams=0.7,
        temperature=0.4,
        max_tokens=0.5,
        second_network=1.0,
        mask=drop_mask("tls_fingerprint"),
    )
    habits = Habits(
        turns=3.0,
        single=0.0,
        think=45.0,
        burst=0.3,
        weekend=0.8,
        tail=1.0,
        keeps_session=0.6,
        curves={"flat": 2, "day": 2, "evening": 1},
    )

    tooled = 0.5

    def speak(self, rng: np.random.Generator, rows: Rows) -> None:
        """Whatever the people behind it write, in any language and to any model."""
        super().speak(rng, rows)
        person = mix(rows["session"], 71)
        size = np.uint64(5000)
        styles = self.world.styles(np.random.default_rng(5), 5000, 0.2, 0.35)
        rows["style"] = styles[(person % size).astype(np.int64)]
        choice = (
            np.array([2, 2, 2, 1, 1, 3, 4, 0, 5]) if len(MODELS) else np.zeros(1, dtype=np.int64)
        )
        rows["model"] = choice[(person % np.uint64(choice.size)).astype(np.int64)]
        rows["end_user"] = np.where(
            person % np.uint64(2) == 0, person >> np.uint64(2), np.uint64(0)
        )
        rows["end_user"][rows["end_user"] == 0] = -1
