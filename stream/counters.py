"""What a run in one process counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """What was counted so far."""

    events: int = 0
    bad: int = 0
    duplicates: int = 0
    reused_ids: int = 0
    late: int = 0
    parked: int = 0
    accounts: int = 0
    ties: int = 0
    epochs: int = 0
    evicted_accounts: int = 0
    evicted_ties: int = 0
    confirmed: int = 0
    dismissed: int = 0
    unknown_verdicts: int = 0
    unknown_fields: Counter[str] = field(default_factory=Counter)
    dropped_sketches: Counter[str] = field(default_factory=Counter)
