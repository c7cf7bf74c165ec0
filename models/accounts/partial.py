"""The partial: what one account partition has of one open epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kernels.accounts import add_edges, add_rows
from models.layouts import EDGE, PARTIAL
from models.requests.batch import EventBatch
from models.table import KeyTable, Records
from models.wire.arrays import fitted


class EpochPartial:
    """Rows of one epoch summed by account, and edges (account, tie value) counted.

    Free of order: any interleaving and any cut of the same rows gives the same partial, up to the
    order of its slots.
    """

    def __init__(self, start: int, length: int) -> None:
        self._start = start
        self._length = length
        self._accounts = KeyTable()
        self._partials = Records(PARTIAL)
        self._edge_keys = np.zeros(4096, np.uint64)
        self._edge_places = np.zeros(4096, np.int32)
        self._edges = Records(EDGE)
        self.edge_count = 0
        self.names: list[str] = []
        self.examples: list[tuple[str, int]] = []
        self.clear: dict[int, str] = {}

    @property
    def partials(self) -> NDArray[np.void]:
        """One record an account (`models.layouts.PARTIAL`)."""
        return self._partials.array[: self._accounts.count]

    @property
    def edges(self) -> NDArray[np.void]:
        """One record an account and tie value (`models.layouts.EDGE`)."""
        return self._edges.array[: self.edge_count]

    def add(self, batch: EventBatch) -> None:
        """Add rows that belong to this epoch."""
        known = self._accounts.count
        slots = self._accounts.slots_of(batch.account)
        self._partials.reserve(self._accounts.count)
        self.partials["chosen"] = -1
        add_rows(
            self._partials.array,
            slots,
            batch.time,
            self._start,
            self._length,
            batch.request,
            batch.account,
            batch.measures,
            batch.marks,
            (batch.owner, batch.payment, batch.network, batch.plan, batch.created),
        )
        self._note_names(batch, known)
        self._add_edges(batch, slots)
        self.clear.update(batch.clear)

    def _note_names(self, batch: EventBatch, known: int) -> None:
        chosen = self.partials["chosen"]
        slots = np.flatnonzero(chosen >= 0)
        rows = chosen[slots].tolist()
        examples = list(
            zip(map(batch.ids.__getitem__, rows), batch.time[rows].tolist(), strict=True)
        )
        first = int(np.searchsorted(slots, known))
        for slot, example in zip(slots[:first].tolist(), examples, strict=False):
            self.examples[slot] = example
        # A new account has an example in any case, and slots are given in order.
        self.examples += examples[first:]
        self.names += map(batch.names.__getitem__, rows[first:])

    def _add_edges(self, batch: EventBatch, slots: NDArray[np.int32]) -> None:
        wanted = self.edge_count + len(batch.ties)
        if wanted > len(self._edge_keys) * 0.6:
            self._grow_edges(wanted)
        self._edges.reserve(wanted)
        self.edge_count = int(
            add_edges(
                self._edges.array,
                self._edge_keys,
                self._edge_places,
                self.edge_count,
                slots,
                batch.account,
                batch.ties,
                batch.tie_ends,
            )
        )

    def _grow_edges(self, wanted: int) -> None:
        capacity = len(self._edge_keys)
        while wanted > capacity * 0.4:
            capacity *= 2
        known = self.edges.copy()
        self._edge_keys = np.zeros(capacity, np.uint64)
        self._edge_places = np.zeros(capacity, np.int32)
        self._edges.reserve(len(known))
        ends = np.arange(1, len(known) + 1)
        accounts = self.partials["account"][known["slot"]]
        add_edges(
            self._edges.array, self._edge_keys, self._edge_places, 0,
            known["slot"], accounts, known["tie"], ends,
        )  # fmt: skip
        self._edges.array["count"][: len(known)] = known["count"]

    def as_rows(self) -> EventBatch:
        """All that was added as one row an account, to be added to a later epoch."""
        partials, count = self.partials, self._accounts.count
        edges = self.edges[np.argsort(self.edges["slot"], kind="stable")]
        shown = np.bincount(edges["slot"], edges["count"], count).astype(np.int64)
        columns = ("account", "measures", "marks", "owner", "created", "payment", "network")
        return EventBatch(
            time=np.array([time for _, time in self.examples], np.int64),
            epoch=np.zeros(count, np.int64),
            position=np.zeros(count, np.int64),
            request=partials["example"].copy(),
            reference=np.zeros(count, np.uint64),
            plan=partials["plan"].astype(np.int64),
            ties=np.repeat(edges["tie"], edges["count"]),
            tie_ends=np.cumsum(shown),
            names=self.names,
            ids=[name for name, _ in self.examples],
            clear=self.clear,
            **{name: partials[name].copy() for name in columns},
        )

    def forget(self, account: int) -> None:
        """Drop an account with its edges."""
        (slot,) = self._accounts.look_up(np.array([account], np.uint64)).tolist()
        if slot < 0:
            return
        edges = self.edges[self.edges["slot"] != slot]
        edges["slot"] -= edges["slot"] > slot
        shown = set(edges["tie"].tolist())
        self.load(
            {
                "partials": np.delete(self.partials, slot),
                "edges": edges,
                "names": [*self.names[:slot], *self.names[slot + 1 :]],
                "examples": [*self.examples[:slot], *self.examples[slot + 1 :]],
                "clear": {key: text for key, text in self.clear.items() if key in shown},
            }
        )

    def dump(self) -> dict[str, Any]:
        """The state as plain values and arrays."""
        return {
            "partials": self.partials.copy(),
            "edges": self.edges.copy(),
            "names": self.names,
            "examples": self.examples,
            "clear": self.clear,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._accounts.rebuild(state["partials"]["account"].copy())
        self._partials.replace(fitted(state["partials"], PARTIAL))
        self._edges.replace(fitted(state["edges"], EDGE))
        self.edge_count = len(state["edges"])
        self._grow_edges(self.edge_count + 1)
        self.names = list(state["names"])
        self.examples = [(str(name), int(time)) for name, time in state["examples"]]
        self.clear = {int(key): str(text) for key, text in state["clear"].items()}
