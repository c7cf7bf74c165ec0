"""MIDAS-F on the graph of accounts and what they show: payment, network, client, fragments.

Bhatia et al., "Real-time anomaly detection in edge streams", ACM TKDD 2022. A tick is an hour;
edges are counted by the hour and scored at its end, when a burst is at its highest, which makes the
order of requests within the hour irrelevant. An account scores as the paper has it, by the highest
of its own and its edges' statistics; a value that several accounts show scores by its own, and
names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from bench.peers.base import HOUR, Score, network_of
from bench.peers.sketches import FilteredCounts, Floats, Keys
from models.requests.sketch import Sketcher
from schemas.request import RequestEvent

THRESHOLD, FACTOR = 1_000.0, 0.5
ROWS, BITS = 4, 18
LEAST_ACCOUNTS = 3
# The smallest hashes of a text: those of a fixed fragment come back in most texts that hold it.
FRAGMENTS = 8

_ROTATION = np.uint64(0xD6E8_FEB8_6659_FD93)
_SHOWN: tuple[tuple[str, Callable[[RequestEvent], str | None]], ...] = (
    ("payment", lambda event: event.payment),
    ("network", lambda event: network_of(event.ip)),
    ("client", lambda event: event.user_agent),
)


class Midas:
    """MIDAS-F in its three parts: accounts, values, edges."""

    name = "midas-f"
    rules: tuple[str, ...] = ()

    def __init__(self, seed: int = 1) -> None:
        self._sources, self._values, self._edges = (
            FilteredCounts(ROWS, BITS, seed + part, THRESHOLD, FACTOR) for part in range(3)
        )
        self._sketcher = Sketcher(seed.to_bytes(32, "little"))
        self._first: float | None = None
        self._tick = 1
        self._digests: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def close_hour(self, start: float, events: Sequence[RequestEvent]) -> list[Score]:
        """Count the hour's edges, and score accounts and shared values."""
        self._turn_to(start)
        accounts, values = self._shown(events)
        if not len(accounts):
            return []
        # One row an edge, ordered by value so that a value's accounts stand together.
        edges, counts = np.unique(np.stack([values, accounts], axis=1), axis=0, return_counts=True)
        values, accounts, weights = edges[:, 0], edges[:, 1], counts.astype(np.float64)
        on_edges = self._edges.add(accounts ^ (values * _ROTATION), weights, self._tick)
        return [
            *self._account_scores(accounts, weights, on_edges),
            *self._value_scores(values, accounts, weights),
        ]

    def _turn_to(self, start: float) -> None:
        self._first = start if self._first is None else self._first
        tick = 1 + round((start - self._first) / HOUR)
        if tick > self._tick:
            for counts in (self._sources, self._values, self._edges):
                counts.pass_tick(tick - 1)
        self._tick = tick

    def _shown(self, events: Sequence[RequestEvent]) -> tuple[Keys, Keys]:
        """One pair of keys for each value that a request shows: its account's and the value's."""
        accounts, values = [], []
        for event in events:
            account = self._digest("account", event.account)
            self._names[account] = event.account
            for kind, read in _SHOWN:
                value = read(event)
                if value:
                    accounts.append(account)
                    values.append(self._digest(kind, value))
        for event, fragments in zip(events, self._fragments(events), strict=True):
            accounts.extend([self._digests[f"account {event.account}"]] * len(fragments))
            values.extend(fragments)
        return np.array(accounts, np.uint64), np.array(values, np.uint64)

    def _fragments(self, events: Sequence[RequestEvent]) -> Iterator[list[int]]:
        texts = [f"{event.system or ''} {event.prompt or ''}" for event in events]
        sketches = self._sketcher.sketch(texts)
        for start, end in pairwise([0, *sketches.ends.tolist()]):
            yield np.sort(sketches.fragments[start:end])[:FRAGMENTS].tolist()

    def _digest(self, kind: str, value: str) -> int:
        text = f"{kind} {value}"
        known = self._digests.get(text)
        if known is None:
            known = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
            self._digests[text] = known
        return known

    def _account_scores(self, accounts: Keys, weights: Floats, on_edges: Floats) -> list[Score]:
        active, owners = np.unique(accounts, return_inverse=True)
        requests = np.bincount(owners, weights).astype(np.float64)
        highest = self._sources.add(active, requests, self._tick)
        np.maximum.at(highest, owners, on_edges)
        return [
            Score(self._names[account], score)
            for account, score in zip(active.tolist(), highest.tolist(), strict=True)
        ]

    def _value_scores(self, values: Keys, accounts: Keys, weights: Floats) -> list[Score]:
        """Values with accounts enough; of those with the same accounts only the oddest."""
        shown, starts, sizes = np.unique(values, return_index=True, return_counts=True)
        scores = self._values.add(shown, np.add.reduceat(weights, starts), self._tick)
        oddest: dict[tuple[str, ...], Score] = {}
        for row in np.flatnonzero(sizes >= LEAST_ACCOUNTS).tolist():
            members = accounts[starts[row] : starts[row] + sizes[row]].tolist()
            names = tuple(self._names[member] for member in members)
            score = Score(f"{int(shown[row]):016x}", float(scores[row]), names)
            if names not in oddest or score.score > oddest[names].score:
                oddest[names] = score
        return list(oddest.values())
