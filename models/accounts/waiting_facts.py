"""Facts that wait: for the epoch of their time to close, then for their account's first request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.accounts.pieces import FactValues, Unclaimed, place_waiting, waiting_values
from models.layouts import BANNED
from models.table import KeyTable

_Fact = tuple[int, int, FactValues]
"""Event time in microseconds, account, columns of the profile."""


class WaitingFacts:
    """Facts of one account partition that have not acted yet."""

    def __init__(self) -> None:
        self._by_epoch: dict[int, list[_Fact]] = {}
        self._by_account: dict[int, Unclaimed] = {}

    def add(self, epoch: int, time: int, account: int, facts: FactValues) -> None:
        """Take facts that act when this epoch closes."""
        self._by_epoch.setdefault(epoch, []).append((time, account, facts))

    def due(self, epoch: int) -> list[int]:
        """Accounts for which facts of this epoch or an earlier one wait."""
        for number in sorted(number for number in self._by_epoch if number <= epoch):
            due = self._by_epoch.pop(number)
            for _, account, facts in sorted(due, key=lambda fact: (*fact[:2], repr(fact[2]))):
                known = self._by_account.get(account, Unclaimed(number, {})).facts
                self._by_account[account] = Unclaimed(number, known | facts)
        return list(self._by_account)

    def act(
        self, epoch: int, table: KeyTable, profiles: NDArray[np.void]
    ) -> tuple[NDArray[np.int32], dict[int, bool]]:
        """Write the facts that are due into the profiles of a table.

        Sign-ups are known before any use: facts wait for the account's first request.

        Returns:
            Slots of the profiles that were written; accounts that were banned (True), or whose ban
            was lifted (False).
        """
        accounts = np.array(self.due(epoch), np.uint64)
        slots = table.look_up(accounts)
        bans: dict[int, bool] = {}
        for account, slot in zip(accounts.tolist(), slots.tolist(), strict=True):
            if slot < 0:
                continue
            before = bool(profiles["status"][slot] == BANNED)
            for name, value in self._by_account.pop(account).facts.items():
                profiles[name][slot] = value
            after = bool(profiles["status"][slot] == BANNED)
            if after != before:
                bans[account] = after
        return slots[slots >= 0], bans

    def forget_before(self, epoch: int) -> None:
        """Drop what is from before that epoch of accounts that have sent nothing since."""
        self._by_account = {
            account: waiting
            for account, waiting in self._by_account.items()
            if waiting.epoch >= epoch
        }

    def forget(self, account: int) -> None:
        """Drop all facts of an account."""
        self._by_account.pop(account, None)
        for number, facts in list(self._by_epoch.items()):
            self._by_epoch[number] = [fact for fact in facts if fact[1] != account]

    def held(self) -> list[tuple[str, int, Any]]:
        """What a checkpoint says of them: all of them, as few are left unchanged."""
        return waiting_values(self._by_epoch, self._by_account)

    def place(self, values: Iterable[Sequence[Any]]) -> None:
        """Take what `held` gave."""
        place_waiting(values, self._by_epoch, self._by_account)

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {"facts": self._by_epoch, "waiting": self._by_account}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._by_epoch = {
            int(epoch): [(int(time), int(account), dict(values)) for time, account, values in facts]
            for epoch, facts in state["facts"].items()
        }
        self._by_account = {
            int(account): Unclaimed(int(epoch), dict(facts))
            for account, (epoch, facts) in state["waiting"].items()
        }
