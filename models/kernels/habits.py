"""Compiled loops over what accounts do again, and what they turn to: folded once an epoch.

All of it is free of order: what an epoch brought is summed in integers before it is added.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.accounts import bits_of

_FRAGMENT_BITS = np.uint64(15)
_LEAST_GAP = 2
_STEADY = 8
"""A period is constant when it changes by no more than an eighth."""


@njit(cache=True, nogil=True, inline="always")
def _half_of(key):  # type: ignore[no-untyped-def]
    """32 bits of a tie key beyond its kind, never 0."""
    return np.uint32((key >> np.uint64(4)) & np.uint64(0xFFFFFFFF)) | np.uint32(1)


@njit(cache=True, nogil=True)
def note(profiles, slots, partials, edges, columns, fragment, epoch, day):  # type: ignore[no-untyped-def]
    """Bring the habits of the accounts of one closed epoch up to date."""
    note_moves(profiles, slots, partials, columns, epoch, day)
    note_texts(profiles, slots, partials, edges, fragment, epoch, day)


@njit(cache=True, nogil=True)
def note_moves(profiles, slots, partials, columns, epoch, day):  # type: ignore[no-untyped-def]
    """Count the requests of accounts with a past, and those that went to what is new to them.

    `columns` are the breadths that are watched. A new value is new for a day from its first sight;
    what an account shows on its first day is its past. Where an epoch brought old and new values,
    its requests are shared out by how many of each there were.
    """
    for row in range(len(slots)):
        profile = profiles[slots[row]]
        partial = partials[row]
        for place in range(len(columns)):
            seen = partial.marks[columns[place]]
            if seen == 0:
                continue
            since = profile.novel_since[place]
            if since != 0 and epoch + 1 - since >= day:
                profile.familiar[place] |= profile.pending[place]
                profile.pending[place] = np.uint64(0)
                profile.novel_since[place] = 0
            fresh = seen & ~profile.familiar[place]
            if profile.familiar[place] != 0:
                requests = partial.measures[0]
                profile.settled[place] += np.float32(requests)
                profile.moved[place] += np.float32(requests * bits_of(fresh) / bits_of(seen))
            if fresh != 0:
                profile.pending[place] |= fresh
                if profile.novel_since[place] == 0:
                    profile.novel_since[place] = epoch + 1


@njit(cache=True, nogil=True)
def note_texts(profiles, slots, partials, edges, fragment, epoch, day):  # type: ignore[no-untyped-def]
    """Count fragments that came more than once within the epoch, and a text that comes back.

    One fragment in four is looked at for the former. For the latter an account keeps its smallest
    fragment, as long as that comes back within two days; where all its prompts are a fixed set,
    that is one of theirs.
    """
    shown = np.zeros(len(slots), np.int64)
    again = np.zeros(len(slots), np.int64)
    smallest = np.zeros(len(slots), np.uint64)
    for row in range(len(edges)):
        key = edges[row].tie
        if key & _FRAGMENT_BITS != fragment:
            continue
        slot = edges[row].slot
        if smallest[slot] == 0 or key < smallest[slot]:
            smallest[slot] = key
        if (key >> np.uint64(4)) & np.uint64(3) == 0 and partials[slot].measures[0] > 1:
            shown[slot] += edges[row].count
            again[slot] += edges[row].count - 1
    for row in range(len(slots)):
        profile = profiles[slots[row]]
        profile.shown += np.float32(shown[row])
        profile.again += np.float32(again[row])
        if smallest[row] != 0:
            _come_back(profile, _half_of(smallest[row]), epoch, day)


@njit(cache=True, nogil=True, inline="always")
def _come_back(profile, text, epoch, day):  # type: ignore[no-untyped-def]
    gap = epoch - profile.kept_epoch
    if text == profile.kept_text:
        if gap >= _LEAST_GAP:
            change = abs(gap - profile.kept_gap)
            if profile.kept_gap > 0 and change * _STEADY <= gap:
                profile.returns += np.float32(1)
            profile.kept_gap = gap
        profile.kept_epoch = epoch
    elif profile.kept_text == 0 or text < profile.kept_text or gap > 2 * day:
        profile.kept_text = text
        profile.kept_epoch = epoch
        profile.kept_gap = 0
