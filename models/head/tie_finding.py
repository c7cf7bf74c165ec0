"""A tie that stands out, as what judges it hands it to what joins ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.requests.kinds import KIND_BITS, TieKind

_HABIT = 1.5
_KIND_MASK = (1 << KIND_BITS) - 1


@dataclass(slots=True)
class TieFinding:
    """A tie that stands out, with its members.

    Attributes:
        key: Tie key.
        score: Log odds; p_value: against ordinary ties of its kind.
        accounts: Member keys; `counts` their requests through the tie.
        affinities: How much each member's own ranks speak for a campaign, in standard deviations of
            ordinary accounts.
        inputs: The pooled inputs, for explanations.
        stands_out: Whether it suffices for a finding of its own.
        causes: Signatures that are needed to tie the members together, where it is signatures that
            do (`models.ties.crossings`); none of any other tie. The members then belong whatever
            their ranks say, and affinities and inputs mean nothing.
        payer_of: Id of the cluster whose accounts pay with this instrument, where most of those who
            do are its own (`models.head.payers`): all of them then belong to it.
    """

    key: int
    score: float
    p_value: float
    q_value: float
    first_epoch: int
    accounts: NDArray[np.uint64]
    counts: NDArray[np.int32]
    affinities: NDArray[np.float64]
    inputs: NDArray[np.float64]
    stands_out: bool
    causes: int = 0
    payer_of: str = ""

    def forget(self, account: int) -> None:
        """Drop a member."""
        kept = self.accounts != np.uint64(account)
        if not kept.all():
            self.accounts, self.counts = self.accounts[kept], self.counts[kept]
            self.affinities = self.affinities[kept]

    def is_habit_of(self, account: int) -> bool:
        """Whether it is a phrase that this member shows far more often than members do."""
        if self.key & _KIND_MASK != TieKind.FRAGMENT:
            return False
        own = self.counts[self.accounts == np.uint64(account)].sum()
        return bool(own > _HABIT * np.median(self.counts))

    def dump(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}
