"""Compiled loops of the account stage: rows into partials, partials into profiles."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.table import EMPTY, mix

PARTS = 60
"""Parts of an epoch in which activity is marked."""


@njit(cache=True, nogil=True)
def add_rows(partials, slots, time, start, length, request, account, measures, marks, facts):  # type: ignore[no-untyped-def]
    """Add rows to the partials of one epoch; every operation is free of order.

    `facts` holds owner, payment, network, plan and sign-up of each row. `chosen` of a partial
    becomes the row whose request is the account's example: the one with the smallest hash so far.
    """
    for row in range(len(slots)):
        partial = partials[slots[row]]
        for column in range(measures.shape[1]):
            partial.measures[column] += measures[row, column]
        for column in range(marks.shape[1]):
            partial.marks[column] |= marks[row, column]
        part = min(max((time[row] - start) * PARTS // length, 0), PARTS - 1)
        partial.parts |= np.uint64(1) << np.uint64(part)
        partial.owner = max(partial.owner, facts[0][row])
        partial.payment = max(partial.payment, facts[1][row])
        partial.network = max(partial.network, facts[2][row])
        partial.plan = max(partial.plan, facts[3][row])
        created = facts[4][row]
        if created > 0 and (partial.created == 0 or created < partial.created):
            partial.created = created
        if partial.example == 0:
            partial.account = account[row]
            partial.first = max(time[row], start)
            partial.last = partial.first
        partial.first = min(partial.first, max(time[row], start))
        partial.last = max(partial.last, time[row])
        if partial.example == 0 or request[row] < partial.example:
            partial.example = request[row]
            partial.chosen = row


@njit(cache=True, nogil=True)
def add_edges(edges, keys, places, count, slots, account, ties, tie_ends):  # type: ignore[no-untyped-def]
    """Count how often each account showed each tie value; returns the number of edges."""
    mask = np.uint64(len(keys) - 1)
    start = 0
    for row in range(len(slots)):
        for source in range(start, tie_ends[row]):
            key = mix(ties[source]) ^ account[row]
            if key == EMPTY:
                key = np.uint64(1)
            place = mix(key) & mask
            while keys[place] != EMPTY and keys[place] != key:
                place = (place + np.uint64(1)) & mask
            if keys[place] == EMPTY:
                keys[place] = key
                places[place] = count
                edges[count].slot = slots[row]
                edges[count].tie = ties[source]
                edges[count].count = 0
                count += 1
            edges[places[place]].count += 1
        start = tie_ends[row]
    return count


@njit(cache=True, nogil=True, inline="always")
def bits_of(value):  # type: ignore[no-untyped-def]
    """Number of set bits of a 64-bit value."""
    value = value - ((value >> np.uint64(1)) & np.uint64(0x5555555555555555))
    value = (value & np.uint64(0x3333333333333333)) + (
        (value >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    value = (value + (value >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((value * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def distinct_of(marks, old_marks, out):  # type: ignore[no-untyped-def]
    """Distinct values behind one-bit marks by linear counting.

    -64 ln(share of empty bits) (Whang 1990).
    """
    for row in range(marks.shape[0]):
        for column in range(marks.shape[1]):
            empty = 64 - bits_of(marks[row, column] | old_marks[row, column])
            out[row, column] = -64.0 * np.log(max(empty, 0.5) / 64.0)


@njit(cache=True, nogil=True)
def _age(profile, epoch, half_life, generation):  # type: ignore[no-untyped-def]
    """Bring a profile to this epoch.

    Halves its sums every `half_life` epochs and turns its generations.
    """
    factor = np.float32(0.5 ** ((epoch - profile.last_epoch) / half_life))
    for column in range(len(profile.sums)):
        profile.sums[column] *= factor
    for column in range(len(profile.hours)):
        profile.hours[column] *= factor
    profile.active *= factor
    profile.busy *= factor
    profile.repeated *= factor
    profile.sampled *= factor
    profile.shown *= factor
    profile.again *= factor
    profile.returns *= factor
    for column in range(len(profile.settled)):
        profile.settled[column] *= factor
        profile.moved[column] *= factor
    passed = epoch - profile.marks_since
    if passed < generation:
        return
    for column in range(len(profile.marks)):
        recent = profile.marks[column] if passed < 2 * generation else np.uint64(0)
        profile.old_marks[column] = recent
        profile.marks[column] = np.uint64(0)
    profile.old_idle = profile.idle if passed < 2 * generation else 0
    profile.idle = 0
    profile.marks_since = epoch


@njit(cache=True, nogil=True)
def fold(profiles, slots, partials, epoch, hour, half_life, generation, units):  # type: ignore[no-untyped-def]
    """Fold the partials of one closed epoch into profiles: decay by the epochs passed, then add.

    `units` divides each measure, so that fixed point becomes plain numbers.
    """
    for row in range(len(slots)):
        profile = profiles[slots[row]]
        partial = partials[row]
        if profile.first == 0:
            profile.account = partial.account
            profile.first = partial.first
            profile.last = partial.first
            profile.marks_since = epoch
        else:
            _age(profile, epoch, half_life, generation)
        profile.idle = max(profile.idle, partial.first - profile.last)
        for column in range(len(profile.sums)):
            profile.sums[column] += np.float32(partial.measures[column] / units[column])
        profile.hours[hour] += np.float32(partial.measures[0])
        for column in range(len(profile.marks)):
            profile.marks[column] |= partial.marks[column]
        profile.active += np.float32(1)
        profile.busy += np.float32(bits_of(partial.parts))
        profile.last = max(profile.last, partial.last)
        profile.last_epoch = epoch
        if partial.owner != 0:
            profile.owner = partial.owner
        if partial.payment != 0:
            profile.payment = partial.payment
        if partial.network != 0:
            profile.network = partial.network
        if partial.plan > 0:
            profile.plan = partial.plan
        if partial.created > 0 and (profile.created == 0 or partial.created < profile.created):
            profile.created = partial.created
        profile.lifetime += partial.measures[0]


@njit(cache=True, nogil=True)
def recall(profiles, slots, edges, fragment):  # type: ignore[no-untyped-def]
    """Note which fragments an account has shown of late: one in four, tagged, in a few cells.

    All are looked up before any is written, and the largest tag wins a cell, so that the order of
    the edges of one epoch does not matter.
    """
    for step in range(3):
        for row in range(len(edges)):
            key = edges[row].tie
            if key & np.uint64(15) != fragment or (key >> np.uint64(4)) & np.uint64(3) != 0:
                continue
            profile = profiles[slots[edges[row].slot]]
            cell = (key >> np.uint64(6)) % np.uint64(len(profile.recent))
            tag = np.uint16((key >> np.uint64(16)) & np.uint64(0xFFFF)) | np.uint16(1)
            if step == 0:
                profile.sampled += np.float32(1)
                profile.repeated += np.float32(profile.recent[cell] == tag)
            elif step == 1:
                profile.recent[cell] = np.uint16(0)
            else:
                profile.recent[cell] = max(profile.recent[cell], tag)


@njit(cache=True, nogil=True)
def to_ranks(cohorts, bins, tables, out):  # type: ignore[no-untyped-def]
    """Rank (0 to 255) of each feature's bin within the account's cohort."""
    for row in range(bins.shape[0]):
        for column in range(bins.shape[1]):
            out[row, column] = tables[cohorts[row], column, bins[row, column]]


@njit(cache=True, nogil=True)
def add_to_histogram(cohorts, bins, histogram):  # type: ignore[no-untyped-def]
    """Count each feature's bin in the account's cohort."""
    for row in range(bins.shape[0]):
        for column in range(bins.shape[1]):
            histogram[cohorts[row], column, bins[row, column]] += 1
