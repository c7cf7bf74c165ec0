"""Who belongs to which campaign: campaigns that share accounts form a pool."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable

from schemas.times import to_microseconds
from schemas.truth import Truth


class Pools:
    """The campaigns of a truth, looked up by account.

    Attributes:
        of_account: Indices in `truth.campaigns` of each account's campaigns.
        of_campaign: For each campaign the least index of the campaigns that it is joined with by
            shared accounts, directly or through others; its own index when it shares none.
    """

    def __init__(self, truth: Truth) -> None:
        self.of_account: dict[str, list[int]] = defaultdict(list)
        self.of_campaign = list(range(len(truth.campaigns)))
        self._starts: list[list[int]] = []
        for index, campaign in enumerate(truth.campaigns):
            starts = [to_microseconds(account.start, "from") for account in campaign.accounts]
            self._starts.append(sorted(starts))
            for account in {account.id for account in campaign.accounts}:
                self.of_account[account].append(index)
        for indices in self.of_account.values():
            self._join(indices)

    def used(self, campaign: int, time: int) -> int:
        """Accounts that the campaign has used up to an event time in microseconds."""
        return bisect_right(self._starts[campaign], time)

    def pools_of(self, account: str) -> set[int]:
        """Pools of an account; it may be empty, and hold one pool at most."""
        return {self.of_campaign[index] for index in self.of_account.get(account, ())}

    def _join(self, indices: list[int]) -> None:
        joined = {self.of_campaign[index] for index in indices}
        if len(joined) > 1:
            least = min(joined)
            self.of_campaign = [least if pool in joined else pool for pool in self.of_campaign]


class Names:
    """The accounts that one alert has named so far, counted by campaign and pool.

    Attributes:
        total: Accounts named.
        known: Those that belong to any campaign.
        of_campaign: Those of each campaign.
        of_pool: Those of each pool.
    """

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._seen: set[str] = set()
        self.known = 0
        self.of_campaign: Counter[int] = Counter()
        self.of_pool: Counter[int] = Counter()

    @property
    def total(self) -> int:
        """Accounts named."""
        return len(self._seen)

    def add(self, accounts: Iterable[str]) -> None:
        """Count newly named accounts; a repeated name counts once."""
        for account in set(accounts) - self._seen:
            campaigns = self._pools.of_account.get(account, ())
            self.known += bool(campaigns)
            self.of_campaign.update(campaigns)
            self.of_pool.update(self._pools.pools_of(account))
            self._seen.add(account)

    def correct_for(self, time: int) -> list[int]:
        """Campaigns that the names point out correctly at an event time in microseconds.

        At least 80 % of the names belong to the campaign's pool (which is the campaign alone when
        it shares no account), at least 30 % to the campaign itself, and they are at least three
        and at least 5 % of the accounts that it has used so far.
        """
        return [
            campaign
            for campaign, own in sorted(self.of_campaign.items())
            if 10 * self.of_pool[self._pools.of_campaign[campaign]] >= 8 * self.total
            and 10 * own >= 3 * self.total
            and own >= 3
            and 20 * own >= self._pools.used(campaign, time)
        ]

    def is_false(self) -> bool:
        """Whether fewer than half of the names belong to any campaign."""
        return 2 * self.known < self.total
