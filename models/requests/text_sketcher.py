"""Texts of requests under the key of their time: one key, or an old one that gives way to a new.

Accounts and all else that is hashed stay under the operator's key. The key of texts may rotate,
since texts are all that is sketched at the edge. While both hold, a text is shown under both: ties
under the new key come to have the members that those under the old one have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.requests.key_id import key_id
from models.requests.request_sketch import RequestSketcher, RequestSketches
from models.requests.sketch_record import decode_sketches

_MICROSECONDS = 1e6

Rows = NDArray[np.bool_]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The key that texts had before, and when another takes over, by event time.

    Attributes:
        key: The key before.
        begins: Microseconds from which on texts are shown under both keys.
        ends: Microseconds from which on they are shown under the new key alone.
    """

    key: bytes = field(repr=False)
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class TextKeys:
    """The key of texts; with an overlap, the key that they have after it."""

    key: bytes = field(repr=False)
    overlap: Overlap | None = None


class ShownTexts(NamedTuple):
    """What is left of the texts of n requests.

    Attributes:
        sketches: Under the key of their time, in an overlap the one before.
        renewed: The same under the new key, empty for requests outside the overlap; None where
            no request is in it.
    """

    sketches: RequestSketches
    renewed: RequestSketches | None = None


class TextSketcher:
    """Sketches texts under the keys of their times; not for several threads at once."""

    def __init__(self, keys: TextKeys) -> None:
        self._sketcher, self._id = RequestSketcher(keys.key), key_id(keys.key)
        self._overlap = keys.overlap
        if keys.overlap is not None:
            self._former = RequestSketcher(keys.overlap.key)
            self._former_id = key_id(keys.overlap.key)

    def show(
        self, time: Seconds, sketch: Callable[[RequestSketcher], RequestSketches]
    ) -> ShownTexts:
        """What requests of these times (Unix seconds) show, whose texts `sketch` sketches."""
        if self._overlap is None:
            return ShownTexts(sketch(self._sketcher))
        both, after = self._phases(time, self._overlap)
        if after.all():
            return ShownTexts(sketch(self._sketcher))
        former = sketch(self._former)
        if not (both | after).any():
            return ShownTexts(former)
        new = sketch(self._sketcher)
        shown = former.replaced(np.flatnonzero(after), new.take(np.flatnonzero(after)))
        return ShownTexts(shown, new.only(both) if both.any() else None)

    def show_records(
        self, shown: ShownTexts, rows: NDArray[np.intp], texts: list[str], time: Seconds
    ) -> tuple[ShownTexts, dict[str, int]]:
        """The same with sketches from the edge in the places of rows, and why others are dropped.

        Args:
            shown: What the requests show that came with texts.
            rows: The requests that came with sketches.
            texts: The sketches, as they are on the wire.
            time: Unix seconds of all requests.
        """
        both, after = np.zeros((2, len(rows)), np.bool_)
        wanted: list[tuple[str, ...]] = [(self._id,)] * len(rows)
        if self._overlap is not None:
            both, after = self._phases(time[rows], self._overlap)
            wanted = [
                (self._id,) if late else (self._former_id, self._id) for late in after.tolist()
            ]
        made = decode_sketches(texts, wanted)
        kept = rows[made.rows]
        sketches = shown.sketches.replaced(kept, made.sketches)
        renewed = shown.renewed
        if both.any():
            renewed = renewed or shown.sketches.only(np.zeros(len(time), np.bool_))
            renewed = renewed.replaced(kept, made.renewed.only(both[made.rows]))
        return ShownTexts(sketches, renewed), dict(made.dropped)

    @staticmethod
    def _phases(time: Seconds, overlap: Overlap) -> tuple[Rows, Rows]:
        """Which requests are in the overlap, and which are after it."""
        moment = np.rint(time * _MICROSECONDS)
        after = moment >= overlap.ends
        return (moment >= overlap.begins) & ~after, after
