"""How accounts are kept, counted in epochs."""

from __future__ import annotations

from dataclasses import dataclass

from models.features import HALF_LIFE_DAYS


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """How accounts are kept: all in epochs, except the length of one in seconds."""

    epoch_seconds: int
    half_life: float
    generation: int
    contribution: int
    day: int

    @classmethod
    def of(cls, epoch_seconds: int) -> AccountOptions:
        """Half-life of three days, generations of two, a say in the baseline every six hours."""
        day = 86_400 / epoch_seconds
        return cls(
            epoch_seconds,
            HALF_LIFE_DAYS * day,
            max(1, round(2 * day)),
            max(1, round(day / 4)),
            max(1, round(day)),
        )
