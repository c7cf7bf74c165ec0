"""Which fields recorded traffic fills, what goes unseen for want of them, and odd clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from schemas.request import RequestEvent

SIGHT: dict[str, tuple[str, ...]] = {
    "shared prompt fragments": ("system", "prompt", "sketch"),
    "narrowness of purpose": ("system", "prompt", "sketch"),
    "shared payments": ("payment",),
    "shared networks": ("ip", "asn"),
    "shared clients": ("user_agent", "tls_fingerprint"),
    "shared tools": ("tools",),
    "replayed signatures": ("signatures_issued", "signatures_presented"),
    "young accounts": ("account_created",),
    "plans against use": ("plan",),
    "breadth of an account": ("ip", "user_agent", "end_user", "session"),
    "output economics": ("input_tokens", "output_tokens"),
    "refusals": ("refused",),
    "turns to another model": ("model",),
    "moves between pathways": ("route",),
    "countries": ("country",),
    "unrelated owners": ("org",),
}
"""What is seen, and the fields any one of which gives sight of it."""

FROM_FACTS = frozenset({"account_created", "payment", "plan", "org"})
"""Fields that facts records may bring when requests do not carry them."""

_LEAST_SHARE = 0.01
_LEAST_USUAL = 0.2
_LEFT = 0.25
_BACKWARDS = 3_600.0
_OLDEST = 1_420_070_400.0


class Coverage(msgspec.Struct, frozen=True):
    """What was found in recorded traffic.

    Attributes:
        requests: Events decoded.
        bad: Lines refused.
        fill: Share of the events that carry each field, those of no event left out.
        blind: What cannot be seen, with the fields that are missing.
        first: Least event time, Unix seconds; None without events.
        last: Greatest event time.
        backwards: Events more than an hour before the greatest time seen until then.
        ancient: Events before the year 2015.
        future: Events more than an hour ahead of the reader's clock.
        unknown_fields: Events that carry each field outside the contract.
    """

    requests: int
    bad: int
    fill: dict[str, float]
    blind: dict[str, list[str]]
    first: float | None
    last: float | None
    backwards: int
    ancient: int
    future: int
    unknown_fields: dict[str, int]


class CoverageCount:
    """Counts traffic block by block.

    Args:
        now: The reader's wall clock, Unix seconds; event times far beyond it are told.
    """

    def __init__(self, now: float) -> None:
        self._now = now
        self._filled: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._requests = self._bad = self._backwards = self._ancient = self._future = 0
        self._first: float | None = None
        self._last: float | None = None

    def add(
        self,
        events: Iterable[RequestEvent],
        bad: int = 0,
        unknown_fields: dict[str, int] | None = None,
    ) -> None:
        """Count decoded events in their order, and refused lines."""
        for event in events:
            self._requests += 1
            for name in RequestEvent.__struct_fields__:
                if getattr(event, name) is not None:
                    self._filled[name] += 1
            self._add_time(float(event.time))
        self._bad += bad
        self._unknown.update(unknown_fields or {})

    def result(self) -> Coverage:
        """What was counted."""
        fill = {
            name: self._filled[name] / self._requests
            for name in RequestEvent.__struct_fields__
            if self._filled[name]
        }
        return Coverage(
            requests=self._requests,
            bad=self._bad,
            fill=fill,
            blind=blind_spots(fill) if self._requests else {},
            first=self._first,
            last=self._last,
            backwards=self._backwards,
            ancient=self._ancient,
            future=self._future,
            unknown_fields=dict(sorted(self._unknown.items())),
        )

    def _add_time(self, time: float) -> None:
        self._first = time if self._first is None else min(self._first, time)
        self._last = time if self._last is None else max(self._last, time)
        self._backwards += time < self._last - _BACKWARDS
        self._ancient += time < _OLDEST
        self._future += time > self._now + _BACKWARDS


def blind_spots(fill: dict[str, float]) -> dict[str, list[str]]:
    """What goes unseen because none of its fields stands in one event out of a hundred."""
    return {
        what: list(names)
        for what, names in SIGHT.items()
        if all(fill.get(name, 0.0) < _LEAST_SHARE for name in names)
    }


def has_vanished(usual: float, share: float) -> bool:
    """Whether a field that was usual is in less than a quarter as many requests as it was."""
    return usual >= _LEAST_USUAL and share < _LEFT * usual


def lost_sight(lost: Collection[str], fill: Mapping[str, float]) -> list[str]:
    """What was seen by the lost fields, and by no other field that is still filled."""
    return [
        what
        for what, names in SIGHT.items()
        if any(name in lost for name in names)
        and all(name in lost or fill.get(name, 0.0) < _LEAST_SHARE for name in names)
    ]
