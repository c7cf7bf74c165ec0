"""The allow list at work: what operators vouch for is in no finding while the entry holds."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from models.options import AllowEntry
from models.requests.hashing import network_text
from models.requests.kinds import KIND_BITS, TieKind, kind_of

_NETWORK_KINDS = (TieKind.ADDRESS, TieKind.NETWORK)


class AllowList:
    """Entries of the settings, as keys.

    Args:
        entries: What is allowed, each until it expires.
        account_key: Key of an account; `owner_key`: key of an organisation.
    """

    def __init__(
        self,
        entries: Iterable[AllowEntry],
        account_key: Callable[[str], int],
        owner_key: Callable[[str], int],
    ) -> None:
        self._accounts: dict[int, AllowEntry] = {}
        self._owners: dict[int, AllowEntry] = {}
        self._fragments: dict[int, AllowEntry] = {}
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, AllowEntry]] = []
        for entry in entries:
            if entry.kind == "account":
                self._accounts[account_key(entry.value)] = entry
            elif entry.kind == "org":
                self._owners[owner_key(entry.value)] = entry
            elif entry.kind == "fragment":
                self._fragments[int(entry.value, 16)] = entry
            else:
                self._networks.append((ipaddress.ip_network(entry.value, strict=False), entry))
        self._excused = np.zeros(0, np.uint64)

    def excuse(self, accounts: Iterable[int]) -> None:
        """Cover these accounts too, and those of the call before no longer."""
        self._excused = np.array(sorted(accounts), np.uint64)

    def strip(self, tie: int, members: NDArray[np.void], time: int) -> NDArray[np.void]:
        """Members of a tie that the list does not cover at an event time (microseconds).

        None are left of a tie whose value is allowed, or most of whose members are.
        """
        if self._covers_value(tie, time):
            return members[:0]
        if not self._accounts and not self._owners and not len(self._excused):
            return members
        kept = members[~self.covers(members, time)]
        return kept if 2 * len(kept) >= len(members) else members[:0]

    def covers(self, members: NDArray[np.void], time: int) -> NDArray[np.bool_]:
        """Which accounts (fields account and owner) the list covers at an event time."""
        accounts = _covered(members["account"], self._accounts, time)
        owners = _covered(members["owner"], self._owners, time)
        covered: NDArray[np.bool_] = accounts | owners | np.isin(members["account"], self._excused)
        return covered

    def _covers_value(self, tie: int, time: int) -> bool:
        entry = self._fragments.get(tie)
        if entry is not None and entry.covers(time):
            return True
        if not self._networks or kind_of(tie) not in _NETWORK_KINDS:
            return False
        shared = ipaddress.ip_network(network_text(tie >> KIND_BITS))
        return any(
            entry.covers(time) and shared.version == network.version and shared.subnet_of(network)  # type: ignore[arg-type]  # versions are equal
            for network, entry in self._networks
        )


def _covered(
    keys: NDArray[np.uint64], entries: dict[int, AllowEntry], time: int
) -> NDArray[np.bool_]:
    valid = [key for key, entry in entries.items() if entry.covers(time)]
    return np.isin(keys, np.array(valid, np.uint64))
