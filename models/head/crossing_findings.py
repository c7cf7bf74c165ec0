"""Findings from signatures that crossed: which groups of accounts are too many to be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.evidence.budget import Budget
from models.evidence.tie_score import INPUT_NAMES
from models.head.allowlist import AllowList
from models.head.clusters import Clusters
from models.head.tie_finding import TieFinding
from models.ties.crossings import LEAST_CAUSES, CrossingGroup, Crossings, Sides
from models.ties.stage import LEAST_MEMBERS
from models.wire.messages import TieReport

_DAYS = 14.0
_LEAST_PER_MILLION = 10.0
_FALLOFF = 0.5
_MOST_CAUSES = 100
"""More say no more: a p-value of 0 has no logarithm."""


class CrossingFindings:
    """Groups of accounts tied by signatures, held to the budget.

    The rate of ordinary groups starts from those of one cause: the deployment's own, as many as ten
    a million requests being taken for granted. (In simulated traffic without campaigns there are
    none: its customers never move a conversation. Real ones may.) Each further cause is taken to
    halve it. So where conversations often change accounts, more is asked for.

    Args:
        budget: What a finding may cost.
        allowed: What operators vouch for.
        clusters: All clusters.
        per_day: Epochs in a day.
    """

    def __init__(
        self, budget: Budget, allowed: AllowList, clusters: Clusters, per_day: float
    ) -> None:
        self._budget = budget
        self._allowed = allowed
        self._clusters = clusters
        self._window = round(_DAYS * per_day)
        self._per_day = per_day
        self.crossings = Crossings()
        self._first_epoch = -1

    def holds(self, key: int) -> bool:
        """Whether a cluster holds a group under this key: it is no ordinary tie."""
        entity = self._clusters.by_tie.get(key)
        return entity is not None and self._clusters.all[entity].ties[key].causes > 0

    def find(
        self, epoch: int, time: int, reports: Sequence[TieReport], *, learning: bool
    ) -> list[TieFinding]:
        """The groups that stand out after an epoch, decided at a time (microseconds)."""
        if self._first_epoch < 0:
            self._first_epoch = epoch
        self.crossings.note(_told(reports), epoch)
        if learning or not self.crossings.changed:
            return []
        known = self.crossings.known
        vouched = known["account"][self._allowed.covers(known, time)]
        groups = self.crossings.groups(frozenset(vouched.tolist()))
        per_million = self._per_million(epoch, groups)
        dismissed = self.crossings.showing(self._clusters.dismissed)
        left = [group for group in groups if dismissed.isdisjoint(group.shown)]
        found = (self._finding(group, per_million, time) for group in left)
        return [tie for tie in found if tie is not None]

    def _per_million(self, epoch: int, groups: Sequence[CrossingGroup]) -> float:
        """Groups of one cause in a million requests."""
        days = min(_DAYS, max(1.0, (epoch - self._first_epoch + 1) / self._per_day))
        millions = self._budget.requests_per_day * days / 1e6
        single = sum(group.causes == 1 for group in groups)
        return max(_LEAST_PER_MILLION, single / millions if millions else float("inf"))

    def _finding(self, group: CrossingGroup, per_million: float, time: int) -> TieFinding | None:
        owned = self.crossings.owned(group)
        accounts = np.sort(self._allowed.strip(group.key, owned, time)["account"])
        if len(accounts) < LEAST_MEMBERS or group.causes < LEAST_CAUSES:
            return None
        rate = per_million * _FALLOFF ** (min(group.causes, _MOST_CAUSES) - 1)
        p_value = self._budget.p_value(rate)
        q_value = self._budget.q_value(p_value, counted=not self.holds(group.key))
        if not self._budget.admits(rate, q_value):
            return None
        shown = np.array([group.shown[account] for account in accounts.tolist()], np.int32)
        return TieFinding(
            group.key,
            -float(np.log(p_value)),
            p_value,
            q_value,
            group.first_epoch,
            accounts,
            shown,
            np.zeros(len(accounts)),
            np.zeros(len(INPUT_NAMES)),
            stands_out=True,
            causes=group.causes,
        )

    def expire(self, epoch: int) -> None:
        """Let go of what crossed too long before an epoch.

        What was dismissed stays: by it alone the rest of its group is known to be dismissed.
        """
        self.crossings.expire(epoch - self._window, self._clusters.dismissed)

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {"first_epoch": self._first_epoch, "crossings": self.crossings.dump()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._first_epoch = int(state["first_epoch"])
        self.crossings.load(state["crossings"])


def _told(reports: Sequence[TieReport]) -> dict[int, Sides]:
    """Who has shown the signatures that the tie partitions tell of."""
    rows = np.sort(np.concatenate([report.crossings for report in reports]))
    values, starts = np.unique(rows["tie"], return_index=True)
    ends = np.searchsorted(rows["tie"], values, side="right")
    accounts, issued = rows["account"].tolist(), rows["issued"].tolist()
    told = {}
    for value, start, end in zip(values.tolist(), starts.tolist(), ends.tolist(), strict=True):
        sides: tuple[list[int], list[int]] = ([], [])
        for row in range(start, end):
            sides[not issued[row]].append(accounts[row])
        told[value] = Sides(tuple(sides[0]), tuple(sides[1]))
    return told
