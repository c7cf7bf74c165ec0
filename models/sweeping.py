"""What leaves the state, after an epoch was decided, everywhere alike.

What was idle for long leaves once a day of event time. Where a bound is exceeded, the longest idle
leave at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.options import EpochOptions, MemoryOptions

_SINGLE_DAYS = 7.0
_ROOM = 16


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
    kept = max(bound - bound // _ROOM, min(active, bound))
    return np.sort(np.lexsort((keys, last_epochs))[len(keys) - kept :])


def single_epochs(options: EpochOptions) -> int:
    """Epochs after which a value that only one account has shown is forgotten: those of a week."""
    return round(_SINGLE_DAYS * 86_400 / options.seconds)
