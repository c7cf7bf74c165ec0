"""Features of accounts: numbers drawn from profiles, ranked against their cohort's population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.kernels.accounts import distinct_of
from models.layouts import MOVABLE
from models.requests.batch import BREADTHS, MEASURES

BINS = 256
HALF_LIFE_DAYS = 3.0
"""In which the sums of a profile halve."""

Values = NDArray[np.float64]


class ProfileView:
    """The profiles of the accounts that were active in an epoch, as signals read them.

    Attributes:
        records: Profile records (`models.layouts.PROFILE`), one an account.
        now: End of the epoch in microseconds.
    """

    def __init__(self, records: NDArray[np.void], now: int) -> None:
        self.records = records
        self.now = now

    def total(self, measure: str) -> Values:
        """Decayed sum of a measure (`models.requests.batch.MEASURES`)."""
        return self._sums[:, MEASURES.index(measure)]

    def distinct(self, breadth: str) -> Values:
        """Distinct values of a breadth (`batch.BREADTHS`) over the last two generations."""
        return self._distinct[:, BREADTHS.index(breadth)]

    def moved(self, breadth: str) -> tuple[Values, Values]:
        """Requests that went to what was new to the account, and those of accounts with a past.

        Decayed; of a breadth in `models.layouts.MOVABLE`.
        """
        place = MOVABLE.index(breadth)
        return (
            self.records["moved"][:, place].astype(np.float64),
            self.records["settled"][:, place].astype(np.float64),
        )

    @property
    def requests(self) -> Values:
        """Decayed number of requests."""
        return self.total("requests")

    @cached_property
    def age_hours(self) -> Values:
        """Hours since sign-up, since first sight where that is unknown."""
        created, first = self.records["created"], self.records["first"]
        since = np.where(created > 0, np.minimum(created, first), first)
        hours: Values = np.maximum(self.now - since, 0) / 3.6e9
        return hours

    @cached_property
    def days(self) -> Values:
        """Days that decayed sums stand for: their half-life's worth at most, an hour at least."""
        known = np.maximum(self.now - self.records["first"], 0) / 8.64e10
        life = HALF_LIFE_DAYS / np.log(2.0)
        days: Values = np.maximum(life * (1.0 - np.exp(-known / life)), 1.0 / 24.0)
        return days

    @cached_property
    def hours(self) -> Values:
        """Decayed requests in each hour of the day, one row an account."""
        return self.records["hours"].astype(np.float64)

    @cached_property
    def all_hours(self) -> Values:
        """Their sum, above 0."""
        total: Values = np.maximum(self.hours.sum(axis=1), 1e-9)
        return total

    @cached_property
    def _sums(self) -> Values:
        return self.records["sums"].astype(np.float64)

    @cached_property
    def _distinct(self) -> Values:
        out = np.empty((len(self.records), len(BREADTHS)))
        distinct_of(self.records["marks"].copy(), self.records["old_marks"].copy(), out)
        return out


@dataclass(frozen=True, slots=True)
class AccountFeature:
    """One number of an account.

    Attributes:
        name: Its name, unique over all signals.
        low: Value at the first of 256 bins.
        high: Value at the last bin; values beyond either end count there.
        compute: The values of all accounts of a view.
        few: In words: what a low rank means, for explanations.
        many: In words: what a high rank means.
        everyone: Ranked among all accounts rather than among those of its group of plans.
    """

    name: str
    low: float
    high: float
    compute: Callable[[ProfileView], Values]
    few: str
    many: str
    everyone: bool = False

    def value_at(self, bin_: float) -> float:
        """The value that a bin stands for."""
        return self.low + bin_ * (self.high - self.low) / (BINS - 1)


def shrunk(part: Values, whole: Values, usual: float, weight: float) -> Values:
    """Share of a part in a whole, drawn to the usual one as if `weight` such units had been seen.

    An account with little behind it thus sits in the middle of its population and proves nothing.
    """
    return (part + usual * weight) / (whole + weight)


def spread(sums: Values, squares: Values, count: Values, usual: float, weight: float) -> Values:
    """Standard deviation from a sum and a sum of squares, drawn to the usual one."""
    known = np.maximum(count, 1e-9)
    variance = np.maximum(squares / known - (sums / known) ** 2, 0.0)
    return np.sqrt((variance * count + usual**2 * weight) / (count + weight))
