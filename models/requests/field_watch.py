"""The fields of a stream of requests as it flows: which one vanishes, and which comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.requests.coverage import SIGHT, has_vanished, lost_sight
from schemas.request import RequestEvent

_FIELDS = RequestEvent.__struct_fields__
_RECENT = 1_000.0
_USUAL = 20_000.0
_LEAST_EVENTS = 2_000.0
_BACK = 0.5


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that vanished, or that came back.

    Attributes:
        field: Its name.
        returned: Whether it came back.
        usual: Share of requests that carried it before it vanished.
        share: Share of late.
        blind: What cannot be seen without it.
    """

    field: str
    returned: bool
    usual: float
    share: float
    blind: tuple[str, ...]


class _Shares:
    """Shares of requests that carry each field; a request counts half after so many more."""

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self.of = dict.fromkeys(_FIELDS, 0.0)
        self.events = 0.0

    def add(self, filled: Counter[str], events: int, kept: Collection[str] = ()) -> None:
        """Take a sample, which leaves the shares of the `kept` fields as they are."""
        self.events = self.events * 0.5 ** (events / self._half_life) + events
        for name in _FIELDS:
            if name not in kept:
                self.of[name] += (filled[name] - events * self.of[name]) / self.events


class FieldWatch:
    """Watches samples of a stream: its last 1,000 requests or so against its last 20,000.

    Nothing is said before the first 2,000. The usual share of a field that vanished is kept until
    it is back in half as many requests.
    """

    def __init__(self) -> None:
        self._recent = _Shares(_RECENT)
        self._usual = _Shares(_USUAL)
        self._gone: set[str] = set()

    @property
    def shares(self) -> dict[str, float]:
        """Share of late requests that carry each field; empty before the first."""
        return dict(self._recent.of) if self._recent.events else {}

    def note(self, events: Sequence[RequestEvent]) -> list[FieldChange]:
        """Take a sample, the next in the order of the stream; what has changed by it."""
        if not events:
            return []
        filled = Counter(
            name for event in events for name in _FIELDS if getattr(event, name) is not None
        )
        self._recent.add(filled, len(events))
        self._usual.add(filled, len(events), self._gone)
        if self._usual.events < _LEAST_EVENTS:
            return []
        return [self._change(name) for name in _FIELDS if self._changed(name)]

    def _changed(self, name: str) -> bool:
        usual, share = self._usual.of[name], self._recent.of[name]
        return share >= _BACK * usual if name in self._gone else has_vanished(usual, share)

    def _change(self, name: str) -> FieldChange:
        returned = name in self._gone
        blind = _only_by(name, lost_sight(self._gone | {name}, self._recent.of))
        self._gone.symmetric_difference_update({name})
        usual, share = self._usual.of[name], self._recent.of[name]
        return FieldChange(name, returned, usual, share, blind)


def _only_by(name: str, lost: Sequence[str]) -> tuple[str, ...]:
    """Those of the lost that the field gives sight of."""
    return tuple(what for what in lost if name in SIGHT[what])
