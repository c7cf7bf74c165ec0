"""Compiled loops of the tie stage: edges into ties and members, members into statistics.

A value shown by one account is a single; when a second account shows it, it becomes a tie with a
chain of members. `values` finds singles and ties by key, `places` finds members by (tie, account).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.kernels.table import EMPTY, mix
from models.kernels.values import TIE, find_value, shift_of
from models.requests.kinds import ISSUED, KIND_BITS, RENEWED, TieKind

NOBODY = -1
CELLS = 1024

_KIND_MASK = np.uint64((1 << KIND_BITS) - 1)
_ISSUED = np.uint64(ISSUED)
_FROM_ISSUED = np.uint64(ISSUED ^ TieKind.SIGNATURE)
_RENEWED = np.uint64(RENEWED)
_FROM_RENEWED = np.uint64(RENEWED ^ TieKind.FRAGMENT)


@njit(cache=True, nogil=True, inline="always")
def _is_issued(edge):  # type: ignore[no-untyped-def]
    return edge.tie & _KIND_MASK == _ISSUED


@njit(cache=True, nogil=True, inline="always")
def _tie_key(edge):  # type: ignore[no-untyped-def]
    """Key of the tie that an edge belongs to.

    Whichever way a signature went, and whether its key of texts holds alone yet.
    """
    if edge.tie & _KIND_MASK == _RENEWED:
        return edge.tie ^ _FROM_RENEWED
    return edge.tie ^ _FROM_ISSUED if _is_issued(edge) else edge.tie


@njit(cache=True, nogil=True, inline="always")
def _member_key(tie, account):  # type: ignore[no-untyped-def]
    return mix(account ^ (np.uint64(tie + 1) * np.uint64(0x9E3779B97F4A7C15)))


@njit(cache=True, nogil=True, inline="always")
def _find_member(members, places, tie, account):  # type: ignore[no-untyped-def]
    """Place of the member, or of the hole where it belongs."""
    mask = np.uint64(len(places) - 1)
    place = _member_key(tie, account) & mask
    while places[place] != NOBODY:
        member = members[places[place]]
        if member.tie == tie and member.account == account:
            break
        place = (place + np.uint64(1)) & mask
    return place


@njit(cache=True, nogil=True)
def _join(ties, members, places, tie, account, epoch, member_count):  # type: ignore[no-untyped-def]
    """Append an account to a tie's chain; returns its number."""
    members[member_count].tie = tie
    members[member_count].account = account
    members[member_count].joined = epoch
    members[member_count].next = ties[tie].head
    places[_find_member(members, places, tie, account)] = member_count
    ties[tie].head = member_count
    ties[tie].members += 1
    return member_count


@njit(cache=True, nogil=True, inline="always")
def _describe(member, accounts, requests, ranks, ranked, slot):  # type: ignore[no-untyped-def]
    """Bring what a member says of its account up to date."""
    account = accounts[slot]
    member.owner = account.owner
    member.payment = np.uint32((account.payment >> np.uint64(4)) & np.uint64(0xFFFFFFFF))
    member.network = np.uint32((account.network >> np.uint64(4)) & np.uint64(0xFFFFFFFF))
    member.requests = requests[slot]
    if ranked:
        member.ranked = 1
        for column in range(ranks.shape[1]):
            member.ranks[column] = ranks[slot, column]


@njit(cache=True, nogil=True)
def add_edges(  # type: ignore[no-untyped-def]  # noqa: PLR0915 - one pass, its steps share a row
    values, seed, ties, members, places, edges, accounts, requests, ranks, ranked, epoch,
    oldest_single, most, counts, touched,
):  # fmt: skip
    """Add one epoch's edges.

    `counts` holds values, ties and members in use and is brought up to date. `accounts`,
    `requests` and `ranks` describe edge slots; `ranked` says whether ranks mean anything yet. All
    edges of an epoch come in one call: `slot` of a value then leads to the details of its first
    account, so that it does not matter which of two accounts comes first. A tie of more than `most`
    members only counts its volume. Returns how many ties were touched.
    """
    shift = shift_of(values)
    touched_count = 0
    for row in range(len(edges)):
        key = _tie_key(edges[row])
        slot = edges[row].slot
        account = accounts[slot].account
        value = values[find_value(values, shift, seed, key)]
        expired = value.account != TIE and value.epoch < oldest_single
        if value.key == EMPTY or expired:
            counts[0] += value.key == EMPTY
            value.key = key
            value.account = account
            value.count = edges[row].count
            value.epoch = epoch
            value.joined = epoch
            value.slot = slot
            continue
        seen_now = value.epoch == epoch
        value.epoch = epoch
        if value.account == account:
            value.count += edges[row].count
            value.slot = slot
            continue
        if value.account != TIE:
            tie = counts[1]
            counts[1] += 1
            ties[tie].key = key
            ties[tie].head = NOBODY
            ties[tie].first_epoch = value.joined
            ties[tie].volume = value.count
            first = _join(ties, members, places, tie, value.account, value.joined, counts[2])
            members[first].count = value.count
            members[first].epoch = epoch
            if seen_now:
                _describe(members[first], accounts, requests, ranks, ranked, value.slot)
            counts[2] += 1
            value.account = TIE
            value.count = tie
        tie = value.count
        record = ties[tie]
        record.volume += edges[row].count
        if record.last_epoch != epoch:
            record.last_epoch = epoch
            touched[touched_count] = tie
            touched_count += 1
        if record.members >= most:
            continue
        place = _find_member(members, places, tie, account)
        number = places[place]
        if number == NOBODY:
            number = _join(ties, members, places, tie, account, epoch, counts[2])
            counts[2] += 1
        member = members[number]
        member.count += edges[row].count
        member.epoch = epoch
        _describe(member, accounts, requests, ranks, ranked, slot)
    return touched_count


@njit(cache=True, nogil=True)
def mark_issued(values, seed, members, places, edges, accounts):  # type: ignore[no-untyped-def]
    """Note which members of ties were issued the signature, once all edges of an epoch are added.

    A signature that only one account has shown so far has no members to note it of; that account
    will be the first of them.
    """
    shift = shift_of(values)
    for row in range(len(edges)):
        if not _is_issued(edges[row]):
            continue
        value = values[find_value(values, shift, seed, _tie_key(edges[row]))]
        if value.account != TIE:
            continue
        account = accounts[edges[row].slot].account
        number = places[_find_member(members, places, value.count, account)]
        if number != NOBODY:
            members[number].issued = 1


@njit(cache=True, nogil=True)
def _distinct(cells, most):  # type: ignore[no-untyped-def]
    """Distinct values behind the marked cells by linear counting (Whang 1990), at most `most`."""
    empty = max(CELLS - float(cells.sum()), 0.5)
    return min(most, np.int64(np.rint(-CELLS * np.log(empty / CELLS))))


@njit(cache=True, nogil=True)
def sum_members(ties, members, chosen, out):  # type: ignore[no-untyped-def]
    """Statistics over the members of each chosen tie (`models.pooling.tie_statistics`)."""
    owners = np.zeros(CELLS, np.uint8)
    payments = np.zeros(CELLS, np.uint8)
    networks = np.zeros(CELLS, np.uint8)
    for row in range(len(chosen)):
        tie = ties[chosen[row]]
        into = out[row]
        into.tie = tie.key
        into.members = tie.members
        into.volume = tie.volume
        owners[:] = 0
        payments[:] = 0
        networks[:] = 0
        number = tie.head
        while number != NOBODY:
            member = members[number]
            into.counts += member.count
            into.count_squares += float(member.count) * member.count
            if member.requests > 0:
                into.shares += min(65536, member.count * 65536 // member.requests)
            since = member.joined - tie.first_epoch
            into.joined += since
            into.joined_squares += float(since) * since
            if member.owner != 0:
                into.owned += 1
                owners[mix(member.owner) % np.uint64(CELLS)] = 1
            if member.payment != 0:
                into.paying += 1
                payments[mix(np.uint64(member.payment)) % np.uint64(CELLS)] = 1
            if member.network != 0:
                into.located += 1
                networks[mix(np.uint64(member.network)) % np.uint64(CELLS)] = 1
            if member.ranked:
                into.known += 1
                for column in range(len(member.ranks)):
                    rank = np.int64(member.ranks[column])
                    into.sums[column] += rank
                    into.squares[column] += rank * rank
            number = member.next
        into.owners = _distinct(owners, into.owned)
        into.payments = _distinct(payments, into.paying)
        into.networks = _distinct(networks, into.located)


@njit(cache=True, nogil=True)
def list_members(ties, members, chosen, numbers, ends):  # type: ignore[no-untyped-def]
    """Member numbers of each chosen tie, one after the other, and where each tie's end."""
    written = 0
    for row in range(len(chosen)):
        number = ties[chosen[row]].head
        while number != NOBODY:
            numbers[written] = number
            written += 1
            number = members[number].next
        ends[row] = written
    return written


@njit(cache=True, nogil=True)
def place_members(places, members, count):  # type: ignore[no-untyped-def]
    """Fill the empty table `places` with the numbers of the first `count` members."""
    for number in range(count):
        member = members[number]
        places[_find_member(members, places, member.tie, member.account)] = number


@njit(cache=True, nogil=True)
def compact(values, ties, members, oldest, oldest_single, counts, new_ties, new_members):  # type: ignore[no-untyped-def]
    """Drop singles, and ties with their members, that were last shown before the given epochs.

    Dropped values get the key 0; ties and members move to the front of the new arrays.
    """
    tie_count = 0
    member_count = 0
    for row in range(len(values)):
        value = values[row]
        if value.key == EMPTY:
            continue
        is_tie = value.account == TIE
        if value.epoch < (oldest if is_tie else oldest_single):
            value.key = EMPTY
            counts[0] -= 1
            continue
        if not is_tie:
            continue
        new_ties[tie_count] = ties[value.count]
        number = ties[value.count].head
        new_ties[tie_count].head = NOBODY
        last = NOBODY
        while number != NOBODY:
            new_members[member_count] = members[number]
            new_members[member_count].tie = tie_count
            new_members[member_count].next = NOBODY
            if last == NOBODY:
                new_ties[tie_count].head = member_count
            else:
                new_members[last].next = member_count
            last = member_count
            member_count += 1
            number = members[number].next
        value.count = tie_count
        tie_count += 1
    counts[1] = tie_count
    counts[2] = member_count
