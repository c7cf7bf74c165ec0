"""What leaves the state, after an epoch was decided, everywhere alike.

What was idle for long leaves once a day of event time. Where a bound is exceeded, the longest idle
leave at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.options import EpochOptions, MemoryOptions

_SINGLE_DAYS = 7.0
ROOM = 16


def day_of(epoch: int, options: EpochOptions) -> int:
    """The day in which an epoch begins."""
    return int(epoch / (86_400 / options.seconds))


def oldest_kept(epoch: int, options: EpochOptions, memory: MemoryOptions) -> int:
    """The epoch since which something must have been active to be kept in this one."""
    return epoch - round(memory.idle_days * (86_400 / options.seconds))


def share_of(bound: int, partitions: int) -> int:
    """What each of the partitions may keep of a bound over all of them, at least one."""
    return max(1, bound // partitions)


def kept_within(
    bound: int, epoch: int, last_epochs: NDArray[np.int32], keys: NDArray[np.uint64]
) -> NDArray[np.intp]:
    """Places of what is kept of entries that were last active in an epoch each, ascending.

    All are kept while the bound holds. Beyond it the longest idle leave, of equal ones that with
    the smaller key, until a sixteenth of the bound is free: room for the epochs to come, so that
    not each of them must move all that is kept. What was active in this epoch leaves only where it
    exceeds the bound by itself.
    """
    if len(keys) <= bound:
        return np.arange(len(keys))
    active = int((last_epochs >= epoch).sum())
    kept = max(bound - bound // ROOM, min(active, bound))
    return np.sort(np.lexsort((keys, last_epochs))[len(keys) - kept :])


def single_epochs(options: EpochOptions) -> int:
    """Epochs after which a value that only one account has shown is forgotten: those of a week."""
    return round(_SINGLE_DAYS * 86_400 / options.seconds)


def beyond_fair_share(
    bound: int,
    accounts: NDArray[np.uint64],
    epochs: NDArray[np.int32],
    keys: NDArray[np.uint64],
) -> NDArray[np.intp]:
    """Places of entries that leave so that at most `bound` stay: of whoever has the most, first.

    No account keeps more than a share that is equal for all who have so many; those that have fewer
    lose nothing, whatever others do. Of an account the longest idle leave, equal ones by key.
    """
    order = np.lexsort((keys, epochs, accounts))
    _, starts, counts = np.unique(accounts[order], return_index=True, return_counts=True)
    least, most = 0, int(counts.max(initial=0))
    while least < most:
        share = (least + most + 1) // 2
        fits = int(np.minimum(counts, share).sum()) <= bound
        least, most = (share, most) if fits else (least, share - 1)
    if not least:
        return np.lexsort((keys, epochs))[: max(0, len(keys) - bound)]
    rank = np.arange(len(keys)) - np.repeat(starts, counts)
    gone: NDArray[np.intp] = order[rank < np.repeat(counts, counts) - least]
    return gone
