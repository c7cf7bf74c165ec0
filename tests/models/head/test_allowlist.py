from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from models.head.allowlist import AllowList
from models.options import AllowEntry, AllowKind
from models.requests.hashing import network_bits
from models.requests.kinds import KIND_BITS, TieKind
from models.tie_layouts import MEMBER

NOON = 1_700_000_000_000_000
FRAGMENT = 77 << KIND_BITS | TieKind.FRAGMENT


def allowing(*values: str, kind: AllowKind = "account", expires: int = NOON + 1) -> AllowList:
    """A list of such entries; the key of account `a7` is 7, of organisation `o7` too."""
    entries = [
        AllowEntry(kind=kind, value=v, reason="r", owner="o", expires=expires) for v in values
    ]
    return AllowList(entries, _number, _number)


def _number(name: str) -> int:
    return int(name[1:])


def members(accounts: Sequence[int], owners: Sequence[int] = ()) -> NDArray[np.void]:
    records = np.zeros(len(accounts), MEMBER)
    records["account"] = accounts
    if owners:
        records["owner"] = owners
    return records


def left(allowed: AllowList, tie: int = FRAGMENT, time: int = NOON) -> list[int]:
    """Who is left of a tie of accounts 1 to 6, each two of which have one owner: 11, 12, 13."""
    found = allowed.strip(tie, members(range(1, 7), [11, 11, 12, 12, 13, 13]), time)
    accounts: list[int] = found["account"].tolist()
    return accounts


def address_tie(address: str) -> int:
    return network_bits(address)[0] << KIND_BITS | TieKind.ADDRESS


def network_tie(address: str) -> int:
    return network_bits(address)[1] << KIND_BITS | TieKind.NETWORK


def test_an_empty_list_leaves_all() -> None:
    assert left(allowing()) == [1, 2, 3, 4, 5, 6]


def test_an_allowed_account_leaves_a_tie() -> None:
    assert left(allowing("a2", "a5", "a99")) == [1, 3, 4, 6]


def test_the_accounts_of_an_allowed_organisation_leave_a_tie() -> None:
    assert left(allowing("o12", kind="org")) == [1, 2, 5, 6]


def test_an_account_is_no_organisation() -> None:
    assert left(allowing("a12")) == [1, 2, 3, 4, 5, 6]
    assert left(allowing("o3", kind="org")) == [1, 2, 3, 4, 5, 6]


def test_unknown_owners_are_in_no_organisation() -> None:
    allowed = allowing("o12", kind="org")
    assert len(allowed.strip(FRAGMENT, members([1, 2, 3]), NOON)) == 3


@pytest.mark.parametrize(("covered", "gone"), [(2, False), (3, False), (4, True), (6, True)])
def test_a_tie_most_of_whose_members_are_allowed_is_gone(
    covered: int,
    gone: bool,  # noqa: FBT001 - a table's column
) -> None:
    expected = [] if gone else list(range(covered + 1, 7))
    assert left(allowing(*(f"a{number + 1}" for number in range(covered)))) == expected


def test_an_allowed_fragment_makes_its_tie_vanish_and_no_other() -> None:
    allowed = allowing(f"{FRAGMENT:016x}", kind="fragment")
    assert left(allowed) == []
    assert len(left(allowed, tie=FRAGMENT + (1 << KIND_BITS))) == 6


@pytest.mark.parametrize(
    ("value", "tie", "covered"),
    [
        ("192.0.2.7", address_tie("192.0.2.7"), True),
        ("192.0.2.7", address_tie("192.0.2.8"), False),
        ("192.0.2.7", network_tie("192.0.2.7"), False),
        ("192.0.2.0/24", address_tie("192.0.2.200"), True),
        ("192.0.2.0/24", network_tie("192.0.2.200"), True),
        ("192.0.2.9/24", network_tie("192.0.2.200"), True),
        ("192.0.0.0/16", network_tie("192.0.77.1"), True),
        ("192.0.0.0/16", network_tie("192.1.77.1"), False),
        ("192.0.2.128/25", address_tie("192.0.2.129"), True),
        ("192.0.2.128/25", address_tie("192.0.2.127"), False),
        ("192.0.2.128/25", network_tie("192.0.2.129"), False),
        ("0.0.0.0/0", network_tie("203.0.113.1"), True),
        ("0.0.0.0/0", network_tie("2001:db8::1"), False),
        ("2001:db8::/32", network_tie("2001:db8:9::1"), True),
        ("2001:db8:9::/48", network_tie("2001:db8:9:ffff::1"), True),
        ("2001:db8:9::/48", network_tie("2001:db8:8::1"), False),
        ("::/0", network_tie("192.0.2.7"), False),
        ("192.0.2.0/24", network_tie("::ffff:192.0.2.7"), True),
        ("0.0.0.0/0", FRAGMENT, False),
    ],
)
def test_a_network_covers_the_ties_that_lie_in_it(
    value: str,
    tie: int,
    covered: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert left(allowing(value, kind="network"), tie) == ([] if covered else list(range(1, 7)))


@pytest.mark.parametrize(
    ("kind", "value", "tie"),
    [
        ("account", "a2", FRAGMENT),
        ("org", "o12", FRAGMENT),
        ("fragment", f"{FRAGMENT:016x}", FRAGMENT),
        ("network", "192.0.2.0/24", network_tie("192.0.2.7")),
    ],
)
def test_an_entry_holds_until_it_expires(kind: AllowKind, value: str, tie: int) -> None:
    allowed = allowing(value, kind=kind, expires=NOON)
    assert len(left(allowed, tie, NOON - 1)) < 6
    assert len(left(allowed, tie, NOON)) == 6
    assert len(left(allowed, tie, NOON + 1)) == 6


def test_who_is_excused_leaves_a_tie_until_the_next_say_otherwise() -> None:
    allowed = allowing("a2")
    allowed.excuse([5, 3])
    assert left(allowed) == [1, 4, 6]
    allowed.excuse([])
    assert left(allowed) == [1, 3, 4, 5, 6]
    bare = allowing()
    bare.excuse([1, 2, 3, 4])
    assert left(bare) == []
