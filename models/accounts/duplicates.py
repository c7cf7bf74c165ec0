"""Duplicates: the same (account, id, time) is one request.

An id with another time is odd, but counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.table import KeySet, KeyTable
from models.wire.checkpoint import Share

_DAY = 86_400_000_000
_KEPT_DAYS = 2
_PIECE_KEYS = 30_000
_REQUEST_BYTES = 16
_NO_KEYS = np.empty(0, np.uint64)


class _Seen(NamedTuple):
    """Fresh rows of a day: their hashes as `Duplicates.admit` takes them."""

    day: int
    requests: NDArray[np.uint64]
    references: NDArray[np.uint64]


class Duplicates:
    """Hashes of requests by UTC day of their own time, kept for at least 24 hours after it.

    Free of order: whether a row is fresh depends on the set of rows seen, not on their sequence (of
    equal rows, one is fresh). Memory is about 30 bytes a request of the last two days.

    Args:
        journal: Note what is added, by the epoch it counts in, so that `cut` can give it.
    """

    def __init__(self, *, journal: bool = False) -> None:
        self._requests: dict[int, KeySet] = {}
        self._references: dict[int, KeySet] = {}
        self._journal = journal
        self._open: dict[int, list[_Seen]] = {}
        self._settled: list[_Seen] = []

    def admit(
        self,
        time: NDArray[np.int64],
        request: NDArray[np.uint64],
        reference: NDArray[np.uint64],
        epoch: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.bool_], int]:
        """Which rows are fresh, and how many fresh ones reuse an id with another time that day.

        A journal needs their epochs.
        """
        days = time // _DAY
        fresh = np.empty(len(time), np.bool_)
        reused = 0
        for day in np.unique(days).tolist():
            rows = np.flatnonzero(days == day)
            fresh[rows] = self._requests.setdefault(day, KeySet()).add(request[rows])
            references = reference[rows[fresh[rows]]]
            if self._journal and epoch is not None:
                self._note(day, rows[fresh[rows]], request, reference, epoch)
            known = self._references.setdefault(day, KeySet())
            reused += len(references) - int(known.add(references).sum())
        return fresh, reused

    def _note(
        self,
        day: int,
        rows: NDArray[np.intp],
        request: NDArray[np.uint64],
        reference: NDArray[np.uint64],
        epoch: NDArray[np.int64],
    ) -> None:
        for one in np.unique(epoch[rows]).tolist():
            chosen = rows[epoch[rows] == one]
            seen = _Seen(day, request[chosen], reference[chosen])
            self._open.setdefault(one, []).append(seen)

    def settle(self, epoch: int) -> None:
        """Epochs up to this one are closed: what counted in them belongs to the next cut."""
        for one in sorted(one for one in self._open if one <= epoch):
            self._settled += self._open.pop(one)

    @property
    def changed_bytes(self) -> int:
        """Of hashes that closed epochs have added since the last cut."""
        return _REQUEST_BYTES * sum(len(seen.requests) for seen in self._settled)

    @property
    def kept_bytes(self) -> int:
        """Of all hashes that are remembered."""
        return _REQUEST_BYTES * sum(keys.count for keys in self._requests.values())

    def cut(self) -> list[dict[str, Any]]:
        """What closed epochs have added since the last cut, in pieces."""
        days = sorted({seen.day for seen in self._settled})
        added = [_joined([seen for seen in self._settled if seen.day == day]) for day in days]
        self._settled = []
        return _pieces(added)

    def renewed(self, share: Share) -> list[dict[str, Any]]:
        """What is remembered of a share and no news, in pieces; to be called before `cut`."""
        opened = [seen for several in self._open.values() for seen in several] + self._settled
        added = []
        for day, keys in sorted(self._requests.items()):
            here = [seen for seen in opened if seen.day == day]
            joined = _joined(here) if here else _Seen(day, _NO_KEYS, _NO_KEYS)
            requests = _remaining(keys, share, joined.requests)
            references = _remaining(self._references[day], share, joined.references)
            size = max(len(requests), len(references))
            added.append(_Seen(day, _padded(requests, size), _padded(references, size)))
        return _pieces(added)

    def restore(self, piece: Mapping[str, Any]) -> None:
        """Take a piece that `cut` gave."""
        day = int(piece["day"])
        for days, name in ((self._requests, "requests"), (self._references, "references")):
            keys = piece[name]
            days.setdefault(day, KeySet()).add(keys[keys != 0])

    def forget_before(self, time: int) -> None:
        """Drop days that ended more than 24 hours before this time (microseconds)."""
        oldest = time // _DAY - _KEPT_DAYS + 1
        for days in (self._requests, self._references):
            for day in [day for day in days if day < oldest]:
                del days[day]

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "requests": {day: keys.keys() for day, keys in self._requests.items()},
            "references": {day: keys.keys() for day, keys in self._references.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._requests = {int(day): KeySet(keys) for day, keys in state["requests"].items()}
        self._references = {int(day): KeySet(keys) for day, keys in state["references"].items()}


def _joined(several: Sequence[_Seen]) -> _Seen:
    """Those of one day as one."""
    return _Seen(
        several[0].day,
        np.concatenate([seen.requests for seen in several]),
        np.concatenate([seen.references for seen in several]),
    )


def _remaining(keys: KeySet, share: Share, others: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The share's keys that are not among the others, in no order."""
    table = KeyTable()
    table.slots_of(others)
    held = keys.unordered()
    held = held[share.holds(held)]
    remaining: NDArray[np.uint64] = held[table.look_up(held) < 0]
    return remaining


def _padded(keys: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """The keys and zeros, which are no keys."""
    return np.concatenate([keys, np.zeros(size - len(keys), np.uint64)])


def _pieces(added: Sequence[_Seen]) -> list[dict[str, Any]]:
    return [
        {"day": seen.day, "requests": requests, "references": references}
        for seen in added
        for requests, references in zip(_parts(seen.requests), _parts(seen.references), strict=True)
    ]


def _parts(keys: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    return [keys[start : start + _PIECE_KEYS] for start in range(0, len(keys), _PIECE_KEYS)]
