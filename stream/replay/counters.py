"""What a run in one process counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_UNKNOWN = 1_000
"""Most names of unknown fields that are counted one by one."""

OTHERS = "(others)"


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


def note_unknown(counts: Counter[str], added: Mapping[str, int]) -> None:
    """Count unknown fields by name; where there are too many names, the further ones together."""
    for name, count in added.items():
        counts[name if name in counts or len(counts) < MOST_UNKNOWN else OTHERS] += count
