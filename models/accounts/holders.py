"""What the head may ask of an account, out of its profile."""

from __future__ import annotations

import numpy as np

from models.layouts import BANNED
from models.wire.messages import Holder


def holder_of(profile: np.void, name: str, example: tuple[str, int]) -> Holder:
    """The account of this profile, its name, and id and time of one of its requests."""
    return Holder(
        name,
        int(profile["lifetime"]),
        int(profile["first"]),
        int(profile["last"]),
        *example,
        bool(profile["status"] == BANNED),
        *(int(profile[column]) for column in ("owner", "payment", "network")),
    )
