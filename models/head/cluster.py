"""A cluster: ties that overlap in members, joined softly; its identity outlives the members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from models.head.tie_finding import TieFinding

OVERLAP = 0.6
"""Share of a tie's members that a cluster's core must hold for the tie to join it."""

_LEAST_COMMON = 3
_CORE_SHARE = 0.2
_KEPT = 0.3
_NAMED_SHARE = 0.4
_LEAST_PHRASES = 3


@dataclass(slots=True)
class Cluster:
    """A finding in the making: ties and the accounts behind them.

    Attributes:
        id: The entity's id; made from the first tie, kept for ever.
        first_epoch: Epoch in which it was found.
        ties: Latest state of each tie that holds it, by key.
        holdings: Ties held, by account key.
        affinities: Latest affinity, by account key.
        named: Account keys that alerts have named.
        paid: Tie keys of the payment instruments of those accounts.
        banned: Those of them that were banned. Their ties stay: who takes them up replaces them.
        strength: The most accounts that were named and at large.
        verdict: What people said of it last, at the event time `judged` (microseconds).
        until: When a dismissal ends, microseconds of event time; 0: never.
        scope: `accounts` where a dismissal is about the accounts named, whatever they share.
    """

    id: str
    first_epoch: int
    last_epoch: int
    best: int
    p_value: float
    q_value: float
    ties: dict[int, TieFinding] = field(default_factory=dict)
    holdings: dict[int, set[int]] = field(default_factory=dict)
    affinities: dict[int, float] = field(default_factory=dict)
    _core: set[int] | None = None
    named: dict[int, int] = field(default_factory=dict)
    paid: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)
    strength: int = 0
    sequence: int = -1
    severity: str = ""
    closed: bool = False
    verdict: str = ""
    judged: int = 0
    until: int = 0
    scope: str = ""

    @property
    def dismissed(self) -> bool:
        """Whether the last verdict on it says that there is nothing behind it."""
        return self.verdict == "dismiss"

    def add(self, tie: TieFinding, epoch: int) -> None:
        """Take a tie in, or its newest state; a tie that once stood out goes on doing so."""
        known = self.ties.get(tie.key)
        tie.stands_out |= known is not None and known.stands_out
        self.ties[tie.key] = tie
        self.last_epoch = epoch
        if tie.p_value < self.p_value or tie.key == self.best:
            self.best = tie.key
            self.p_value = min(self.p_value, tie.p_value)
            self.q_value = min(self.q_value, tie.q_value)
        for account, affinity in zip(tie.accounts.tolist(), tie.affinities.tolist(), strict=True):
            self.holdings.setdefault(account, set()).add(tie.key)
            if not tie.causes:
                self.affinities[account] = affinity
        self._core = None

    @property
    def proven(self) -> set[int]:
        """Accounts that belong whatever their ranks say."""
        proving = (tie for tie in self.ties.values() if tie.causes or tie.payer_of)
        return {account for tie in proving for account in tie.accounts.tolist()}

    @property
    def core(self) -> set[int]:
        """Accounts that belong beyond doubt.

        They hold a fifth as many ties as the account that holds most, and two or one that stands
        out by itself. (A share of all ties would leave nobody, where a campaign is dealt over many
        payments.) Only they draw further ties in and are named; else each loosely joined tie would
        bring strangers, and they the next tie.
        """
        if self._core is None:
            strong = {key for key, tie in self.ties.items() if tie.stands_out}
            most = max((len(held) for held in self.holdings.values()), default=0)
            self._core = {
                account
                for account, held in self.holdings.items()
                if len(held) >= _CORE_SHARE * most and (len(held) > 1 or held & strong)
            } | self.proven
        return self._core

    def drop(self, key: int) -> None:
        """Let a tie go, with what only it brought."""
        del self.ties[key]
        # Not its present members alone: a tie that was forgotten and came back has others.
        for account in [one for one, held in self.holdings.items() if key in held]:
            self.holdings[account].discard(key)
            if not self.holdings[account]:
                del self.holdings[account]
                self.affinities.pop(account, None)
        self._core = None

    def forget(self, account: int) -> None:
        """Drop an account; the alerts that have named it stay said."""
        for tie in self.ties.values():
            tie.forget(account)
        self.holdings.pop(account, None)
        self.affinities.pop(account, None)
        self.named.pop(account, None)
        self.banned.discard(account)
        self.strength = min(self.strength, len(self.named))
        self._core = None

    def excuse(self, accounts: Iterable[int]) -> None:
        """Drop those of these accounts that no alert of this finding has named."""
        for account in accounts:
            if account in self.holdings and account not in self.named:
                self.forget(account)

    def keeps(self, tie: TieFinding) -> bool:
        """Whether a tie that belonged here still does: it has not grown far beyond the core."""
        return tie.key == self.best or self.common(tie) >= _KEPT * len(tie.accounts)

    def common(self, tie: TieFinding) -> int:
        """How many of the tie's members are in the cluster's core."""
        return sum(account in self.core for account in tie.accounts.tolist())

    def takes(self, tie: TieFinding) -> bool:
        """Whether the tie belongs here: most of its members are in the cluster's core.

        The cluster's own side does not count: everybody shares something with everybody, so some
        large tie always holds most of a cluster, and would swallow it.
        """
        common = self.common(tie)
        return common >= min(_LEAST_COMMON, len(self.core)) and common >= OVERLAP * len(
            tie.accounts
        )

    def note_bans(self, banned: Iterable[int], reinstated: Iterable[int]) -> None:
        """Take in which accounts were banned, and of which the ban was lifted."""
        self.banned.update(account for account in banned if account in self.named)
        self.banned.difference_update(reinstated)

    @property
    def at_large(self) -> int:
        """How many of the accounts that alerts have named are not banned."""
        return len(self.named) - len(self.banned)

    @property
    def fresh(self) -> list[int]:
        """Accounts worth naming that no alert has named."""
        return [account for account in self.convincing() if account not in self.named]

    def convincing(self) -> list[int]:
        """Accounts worth naming: those whose own behaviour is like the cluster's, ascending.

        Sharing alone is not enough, since honest accounts sit behind the same addresses: an account
        is named when its affinity reaches two fifths of the median member's, or where it is proven.
        Nor is a phrase or two that it has a habit of: a text leaves fragments by the dozen.
        """
        known = {
            account: self.affinities[account] for account in self.core if account in self.affinities
        }
        median = float(np.median(list(known.values()))) if known else 0.0
        least = _NAMED_SHARE * median if median > 0 else -np.inf
        alike = {
            account
            for account, affinity in known.items()
            if affinity >= least and self._shares_enough(account)
        }
        return sorted(alike | self.proven)

    def _shares_enough(self, account: int) -> bool:
        held = [self.ties[key] for key in self.holdings.get(account, ())]
        return len(held) >= _LEAST_PHRASES or not all(tie.is_habit_of(account) for tie in held)
