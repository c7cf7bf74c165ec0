"""What ties lose: one account, over which chains of members close; values beyond their bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels.ties import NOBODY
from models.kernels.values import TIE
from models.sweeping import ROOM, beyond_fair_share

Array = NDArray[np.void]


def without_singles(values: Array, account: int) -> Array:
    """The values without those that only this account showed; their places change."""
    alone = (values["account"] == np.uint64(account)) & (values["account"] != TIE)
    kept: Array = values[~alone & (values["key"] != 0)]
    return kept


def without_member(ties: Array, members: Array, account: int) -> tuple[Array, Array]:
    """Ties and members without the account; members move up, ties stay where they are.

    A tie that is left with one member or none stays a tie: others may show its value again.
    """
    gone = members["account"] == np.uint64(account)
    losing = members["tie"][gone]
    ties, kept = ties.copy(), members[~gone]
    # An account is in a tie once: no tie stands twice in `losing`.
    ties["members"][losing] -= 1
    ties["volume"][losing] -= members["count"][gone]
    ties["listed_members"] = np.minimum(ties["listed_members"], ties["members"])
    numbers = np.where(gone, NOBODY, np.cumsum(~gone) - 1).astype(np.int32)

    def moved(pointers: NDArray[np.int32]) -> NDArray[np.int32]:
        if not len(members):
            return pointers
        # The last place stands for NOBODY.
        following = np.append(members["next"], NOBODY)
        target = np.where(np.append(gone, False)[pointers], following[pointers], pointers)
        return np.append(numbers, NOBODY)[target].astype(np.int32)

    ties["head"] = moved(ties["head"])
    kept["next"] = moved(kept["next"])
    return ties, kept


def surplus_singles(values: Array, bound: int) -> NDArray[np.intp]:
    """Places of the values of one account each that leave where there are more than `bound`.

    A sixteenth of the bound is then free, as of ties.
    """
    singles = np.flatnonzero((values["key"] != 0) & (values["account"] != TIE))
    columns = (values[name][singles] for name in ("account", "epoch", "key"))
    gone: NDArray[np.intp] = singles[beyond_fair_share(bound - bound // ROOM, *columns)]
    return gone
