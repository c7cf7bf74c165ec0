"""When what has been idle for long is dropped: once a day of event time, everywhere alike."""

from __future__ import annotations

from models.options import EpochOptions, MemoryOptions

_SINGLE_DAYS = 7.0


def day_of(epoch: int, options: EpochOptions) -> int:
    """The day in which an epoch begins."""
    return int(epoch / (86_400 / options.seconds))


def oldest_kept(epoch: int, options: EpochOptions, memory: MemoryOptions) -> int:
    """The epoch since which something must have been active to be kept in this one."""
    return epoch - round(memory.idle_days * (86_400 / options.seconds))


def single_epochs(options: EpochOptions) -> int:
    """Epochs after which a value that only one account has shown is forgotten: those of a week."""
    return round(_SINGLE_DAYS * 86_400 / options.seconds)
