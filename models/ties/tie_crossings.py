"""Which signatures have come to be shown by a further account, and by whom: told to the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels.ties import list_members
from models.requests.kinds import TieKind, kinds_of
from models.ties.crossings import MOST_SHOWING
from models.wire.messages import CROSSING

Array = NDArray[np.void]


def crossings_of(ties: Array, members: Array, touched: NDArray[np.int32], epoch: int) -> Array:
    """One row for each account of the signatures that another account has shown in this epoch.

    Ascending by tie and account. Where there are too many accounts to tie anybody, so many are
    listed that this can be seen.
    """
    signatures = touched[kinds_of(ties["key"][touched]) == TieKind.SIGNATURE]
    # The newest member comes first in the chain.
    grown = signatures[members["joined"][ties["head"][signatures]] == epoch]
    sizes = ties["members"][grown]
    numbers = np.empty(int(sizes.sum()), np.int64)
    list_members(ties, members, grown, numbers, np.empty(len(grown), np.int64))
    rows = np.zeros(len(numbers), CROSSING)
    rows["tie"] = np.repeat(ties["key"][grown], sizes)
    rows["account"] = members["account"][numbers]
    rows["issued"] = issued_to(members[numbers], sizes)
    rows = np.sort(rows)
    starts = np.searchsorted(rows["tie"], rows["tie"])
    kept: Array = rows[np.arange(len(rows)) - starts <= MOST_SHOWING]
    return kept


def issued_to(members: Array, sizes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which members of signatures each was issued to; the others have only presented it.

    Where it was not seen to be issued, or when nobody else had shown it yet, those who showed it
    first are taken for them: all of that epoch.

    Args:
        members: Members of the signatures, one signature after the other.
        sizes: How many members each has, at least one.
    """
    starts = np.cumsum(sizes) - sizes
    issued = members["issued"] != 0
    seen = np.repeat(np.logical_or.reduceat(issued, starts), sizes)
    first = np.repeat(np.minimum.reduceat(members["joined"], starts), sizes)
    found: NDArray[np.bool_] = np.where(seen, issued, members["joined"] == first)
    return found
