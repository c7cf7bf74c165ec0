"""What an operator may choose and the models obey: epochs, budget, learning, memory, allow list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

AllowKind = Literal["account", "org", "network", "fragment"]
"""What an entry of the allow list may name."""

ALLOW_KINDS: tuple[AllowKind, ...] = ("account", "org", "network", "fragment")
"""All kinds of allow list entries, in the order in which they are documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochOptions:
    """How event time is cut.

    Attributes:
        seconds: Length of an epoch; profiles, ties and scores move once an epoch.
        lateness_seconds: How long after its end an epoch still waits for its rows.
    """

    seconds: Annotated[int, Meta(ge=10, le=86_400)] = 300
    lateness_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetOptions:
    """How much a security team is willing to read for nothing.

    Attributes:
        false_alerts_per_day: False alerts a day of ordinary traffic.
        false_alerts_per_million: False alerts a million ordinary requests.
        false_discovery_share: Share of all alerts that may be false.
    """

    false_alerts_per_day: Annotated[float, Meta(gt=0, le=10_000)] = 3.0
    false_alerts_per_million: Annotated[float, Meta(gt=0, le=10_000)] = 1.0
    false_discovery_share: Annotated[float, Meta(gt=0, lt=1)] = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOptions:
    """How long the population is watched before anything is alerted.

    Attributes:
        hours: Hours of event time, from the first request on.
    """

    hours: Annotated[float, Meta(ge=0, le=24 * 90)] = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOptions:
    """Bounds of the state, over all partitions; each has an equal share.

    Attributes:
        accounts: Most account profiles kept; the longest idle in event time leave first.
        ties: Most ties kept, by the same rule.
        idle_days: Days of event time without a request after which a profile or tie is dropped.
    """

    accounts: Annotated[int, Meta(ge=1_000)] = 2_000_000
    ties: Annotated[int, Meta(ge=1_000)] = 2_000_000
    idle_days: Annotated[float, Meta(gt=0, le=3_650)] = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowEntry:
    """Something an operator vouches for, until a day.

    Attributes:
        kind: `account`, `org`, `network` (address or CIDR block) or `fragment` (digest).
        value: The account, organisation, network or fragment digest.
        reason: Why it is allowed; repeated in reports.
        owner: Who answers for it.
        expires: End of validity in event time, microseconds since 1970 in UTC.
    """

    kind: AllowKind
    value: str
    reason: str
    owner: str
    expires: int

    def covers(self, microseconds: int) -> bool:
        """Whether the entry still holds at an event time in microseconds."""
        return microseconds < self.expires
