"""From decoded requests to columnar batches; text and identifiers end here.

One list a field and array operations from there on: what runs once per event in the interpreter is
picking the attribute, and no more. `models.requests.line_reader` does without events where it can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.layouts import STATUSES
from models.requests.batch import PLANS, EventBatch
from models.requests.hashing import StringHasher, network_columns
from models.requests.kinds import ISSUED, TieKind, tie_keys
from models.requests.request_columns import (
    CUT_REASONS,
    HASHED,
    NUMBERS,
    Hashes,
    RequestColumns,
    batch_of,
    client_text,
)
from models.requests.text_sketcher import ShownTexts, TextKeys, TextSketcher
from models.requests.toolsets import Toolsets
from schemas.facts import FactsRecord
from schemas.request import RequestEvent

_MICROSECONDS = 1e6

MOST_SIGNATURES = 1_024
"""Most signatures that are kept of one request, of those issued and of those presented."""

Events = Sequence[RequestEvent]
Signatures = tuple[Sequence[str] | None, Sequence[str] | None]


class BatchBuilder:
    """Makes batches of decoded requests; not for several threads at once.

    Args:
        key: The key of all but texts.
        texts: The keys of texts; none: the same.

    Attributes:
        hasher: Hashes strings under the key.
        sketcher: Sketches texts under theirs.
    """

    def __init__(self, key: bytes, texts: TextKeys | None = None) -> None:
        self.sketcher = TextSketcher(texts or TextKeys(key))
        self._dropped: Counter[str] = Counter()
        self.hasher = StringHasher(key)
        self.toolsets = Toolsets(self.hasher)

    def account_key(self, account: str) -> int:
        """The key under which an account is kept."""
        return self.hasher.one("account", account)

    def owner_key(self, owner: str) -> int:
        """The key of an organisation."""
        return self.hasher.one("owner", owner)

    def fact_values(self, record: FactsRecord) -> dict[str, int]:
        """What a facts record says, as columns of a profile."""
        values: dict[str, int] = {}
        if record.account_created is not None:
            values["created"] = round(float(record.account_created) * _MICROSECONDS)
        if record.plan is not None:
            values["plan"] = PLANS.get(record.plan, 0)
        if record.payment is not None:
            payment = np.array([self.hasher.one("payment", record.payment)], np.uint64)
            key = int(tie_keys(payment, TieKind.PAYMENT)[0])
            values["stated_payment"] = values["payment"] = key
        if record.org is not None:
            values["owner"] = self.owner_key(record.org)
        if record.status is not None:
            values["status"] = STATUSES.index(record.status)
        return values

    def take_dropped_sketches(self) -> Counter[str]:
        """Sketches from the edge that could not be used since the last call, by reason."""
        dropped, self._dropped = self._dropped, Counter()
        return dropped

    def build(self, events: Events) -> EventBatch:
        """The batch of these events, in their order; epoch and position are left to the source."""
        return batch_of(self._columns(events))

    def _columns(self, events: Events) -> RequestColumns:
        texts = {
            purpose: [value or "" for value in _values(events, field)]
            for purpose, field in HASHED.items()
        }
        numbers = {name: _numbers(_values(events, name)) for name in NUMBERS if name != "status"}
        numbers["status"] = _numbers(
            status if isinstance(status, int) else None for status in _values(events, "status")
        )
        address, network = network_columns([event.ip or "" for event in events])
        tools = ["\0".join(event.tools) if event.tools else "" for event in events]
        shown = [(event.signatures_issued, event.signatures_presented) for event in events]
        signatures, signature_ends = self.signature_keys(shown)
        time = _numbers(_values(events, "time"))
        return RequestColumns(
            names=texts["account"],
            ids=texts["request"],
            time=time,
            created=_numbers(_values(events, "account_created")),
            hashes=self.hasher.columns(texts),
            address=address,
            network=network,
            toolsets=self.toolsets.hashes(tools),
            plan=np.array([PLANS.get(plan or "", 0) for plan in _values(events, "plan")], np.int64),
            numbers=numbers,
            refused=np.array([event.refused is True for event in events], np.bool_),
            cut=np.array([event.stop_reason in CUT_REASONS for event in events], np.bool_),
            texts=self._texts(events, time),
            signatures=signatures,
            signature_ends=signature_ends,
            client_text=lambda row: client_text(
                events[row].user_agent or "", events[row].tls_fingerprint or ""
            ),
        )

    def _texts(self, events: Events, time: NDArray[np.float64]) -> ShownTexts:
        """What is left of the texts."""
        prompts = [event.prompt or "" for event in events]
        systems = [event.system or "" for event in events]
        shown = self.sketcher.show(time, lambda sketcher: sketcher.sketch(prompts, systems))
        # Where there is text, it is the better word: its sketch is of today's version and key.
        rows = [
            row
            for row, event in enumerate(events)
            if event.sketch is not None and not prompts[row] and not systems[row]
        ]
        if rows:
            records = [events[row].sketch or "" for row in rows]
            shown, dropped = self.sketcher.show_records(
                shown, np.array(rows, np.intp), records, time
            )
            self._dropped.update(dropped)
        return shown

    def signature_keys(self, requests: Sequence[Signatures]) -> tuple[Hashes, NDArray[np.int64]]:
        """Keys of the signatures that requests were given out and came with, each once a request.

        Ragged; the former are of kind `ISSUED`.
        """
        counts = np.zeros(len(requests), np.int64)
        shown: list[str] = []
        kinds: list[int] = []
        for row, (given, brought) in enumerate(requests):
            if given or brought:
                issued = {*(given or ())} - {""}
                presented = self._kept({*(brought or ())} - issued - {""})
                issued = self._kept(issued)
                counts[row] = len(issued) + len(presented)
                shown += sorted(issued) + sorted(presented)
                kinds += [ISSUED] * len(issued) + [TieKind.SIGNATURE] * len(presented)
        hashes = self.hasher.columns({"signature": shown})["signature"]
        return tie_keys(hashes, np.array(kinds, np.uint64)), np.cumsum(counts)

    def _kept(self, signatures: set[str]) -> set[str]:
        """Of too many signatures those with the smallest hashes: nobody can choose which."""
        if len(signatures) <= MOST_SIGNATURES:
            return signatures
        ordered = sorted(signatures)
        hashes = self.hasher.columns({"signature": ordered})["signature"]
        return {ordered[place] for place in np.argsort(hashes)[:MOST_SIGNATURES].tolist()}


def _values(events: Events, field: str) -> Iterable[Any]:
    return map(attrgetter(field), events)


def _numbers(values: Iterable[float | None]) -> NDArray[np.float64]:
    """Numbers, NaN where unknown."""
    return np.array(list(values), np.float64)
