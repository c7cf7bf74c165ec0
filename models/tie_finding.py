"""A tie that stands out, as what judges it hands it to what joins ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
            do (`models.crossings`); none of any other tie. The members then belong whatever their
            ranks say, and affinities and inputs mean nothing.
        payer_of: Id of the cluster whose accounts pay with this instrument, where most of those who
            do are its own (`models.payers`): all of them then belong to it.
        telling: Whether to show it is enough to be named for. One fragment is but a phrase, unless
            most requests of its members carry it.
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
    telling: bool = True

    def forget(self, account: int) -> None:
        """Drop a member."""
        kept = self.accounts != np.uint64(account)
        if not kept.all():
            self.accounts, self.counts = self.accounts[kept], self.counts[kept]
            self.affinities = self.affinities[kept]

    def dump(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}
