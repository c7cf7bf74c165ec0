"""From decoded requests to columnar batches; text and identifiers end here.

One list a field and array operations from there on: what runs once per event in the interpreter is
picking the attribute, and no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.batch import BREADTHS, MEASURES, PLANS, EventBatch
from models.hashing import StringHasher, network_columns
from models.kernels.batch import (
    combine,
    join_ties,
    mark_rows,
    measure_rows,
    smallest_of,
)
from models.key_id import key_id
from models.kinds import ISSUED, KIND_BITS, TieKind, tie_keys
from models.layouts import STATUSES
from models.request_sketch import RequestSketcher, RequestSketches
from models.sketch_record import decode_sketches
from models.toolsets import Toolsets
from schemas.facts import FactsRecord
from schemas.request import RequestEvent

_MICROSECONDS = 1e6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

MOST_CLEAR = 256
"""Characters that are shown of a client."""

MOST_SIGNATURES = 1_024
"""Most signatures that are kept of one request, of those issued and of those presented."""
_CUT_REASONS = frozenset({"length", "max_tokens", "max_output_tokens"})
_FIRST_FAILURE = 400

Hashes = NDArray[np.uint64]
Columns = dict[str, Hashes]
Numbers = NDArray[np.float64]
Events = Sequence[RequestEvent]


class BatchBuilder:
    """Makes batches of decoded requests under one key."""

    def __init__(self, key: bytes) -> None:
        self._sketcher = RequestSketcher(key)
        self._key_id = key_id(key)
        self._dropped: Counter[str] = Counter()
        self._hasher = StringHasher(key)
        self._toolsets = Toolsets(self._hasher)

    def account_key(self, account: str) -> int:
        """The key under which an account is kept."""
        return self._hasher.one("account", account)

    def owner_key(self, owner: str) -> int:
        """The key of an organisation."""
        return self._hasher.one("owner", owner)

    def fact_values(self, record: FactsRecord) -> dict[str, int]:
        """What a facts record says, as columns of a profile."""
        values: dict[str, int] = {}
        if record.account_created is not None:
            values["created"] = round(float(record.account_created) * _MICROSECONDS)
        if record.plan is not None:
            values["plan"] = PLANS.get(record.plan, 0)
        if record.payment is not None:
            payment = np.array([self._hasher.one("payment", record.payment)], np.uint64)
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
        names = [event.account for event in events]
        ids = [event.id for event in events]
        hashes = self._hashed(events, names, ids)
        completions = _numbers([event.n for event in events])
        shown = self._shown(events, hashes, completions)
        fragments = self._fragments(events)
        signatures, signature_ends = self._signatures(events)
        ties, tie_ends = join_ties(
            _tie_columns(shown),
            fragments.prompt,
            fragments.prompt_ends,
            fragments.system,
            fragments.system_ends,
            signatures,
            signature_ends,
        )
        refused = np.array([event.refused is True for event in events], np.bool_)
        time = _microseconds([event.time for event in events])
        reference = hashes["request"] ^ hashes["account"]
        return EventBatch(
            time=time,
            epoch=np.zeros(len(events), np.int64),
            position=np.zeros(len(events), np.int64),
            account=hashes["account"],
            request=_non_zero(reference ^ (time.astype(np.uint64) * _GOLDEN)),
            reference=_non_zero(reference),
            measures=_measures(events, fragments, completions, refused),
            marks=_marks(shown, hashes, fragments, refused),
            owner=hashes["owner"],
            plan=np.array([PLANS.get(event.plan or "", 0) for event in events], np.int64),
            created=_microseconds([event.account_created for event in events]),
            payment=shown["payment"],
            network=shown["network"],
            ties=ties,
            tie_ends=tie_ends,
            names=names,
            ids=ids,
            clear=_clear(events, shown["client"]),
        )

    def _hashed(self, events: Events, names: list[str], ids: list[str]) -> Columns:
        return self._hasher.columns(
            {
                "request": ids,
                "account": names,
                "owner": [event.org or "" for event in events],
                "payment": [event.payment or "" for event in events],
                "end_user": [event.end_user or "" for event in events],
                "session": [event.session or "" for event in events],
                "model": [event.model or "" for event in events],
                "operation": [event.operation or "" for event in events],
                "route": [event.route or "" for event in events],
                "country": [event.country or "" for event in events],
                "user_agent": [event.user_agent or "" for event in events],
                "tls": [event.tls_fingerprint or "" for event in events],
            }
        )

    def _shown(self, events: Events, hashes: Columns, completions: Numbers) -> Columns:
        """Tie keys of the values that a request shows one of each kind of."""
        address, network = network_columns([event.ip or "" for event in events])
        client = combine(np.stack([hashes["user_agent"], hashes["tls"]]))
        toolsets = self._toolsets.hashes([event.tools for event in events])
        return {
            "payment": tie_keys(hashes["payment"], TieKind.PAYMENT),
            "address": tie_keys(address << np.uint64(KIND_BITS), TieKind.ADDRESS),
            "network": tie_keys(network << np.uint64(KIND_BITS), TieKind.NETWORK),
            "client": tie_keys(client, TieKind.CLIENT),
            "toolset": tie_keys(toolsets, TieKind.TOOLS),
            "shape": tie_keys(_shape_hashes(events, hashes, completions), TieKind.SHAPE),
        }

    def _fragments(self, events: Events) -> RequestSketches:
        """What is left of the texts, with fragments as tie keys."""
        prompts = [event.prompt or "" for event in events]
        systems = [event.system or "" for event in events]
        sketches = self._sketcher.sketch(prompts, systems)
        # Where there is text, it is the better word: its sketch is of today's version and key.
        rows = [
            row
            for row, event in enumerate(events)
            if event.sketch is not None and not prompts[row] and not systems[row]
        ]
        if rows:
            made = decode_sketches([events[row].sketch or "" for row in rows], self._key_id)
            self._dropped.update(made.dropped)
            sketches = sketches.replaced([rows[place] for place in made.rows], made.sketches)
        return sketches._replace(
            prompt=tie_keys(sketches.prompt, TieKind.FRAGMENT),
            system=tie_keys(sketches.system, TieKind.FRAGMENT),
        )

    def _signatures(self, events: Events) -> tuple[Hashes, NDArray[np.int64]]:
        """Keys of the signatures that requests were given out and came with, each once a request.

        Ragged; the former are of kind `ISSUED`.
        """
        counts = np.zeros(len(events), np.int64)
        shown: list[str] = []
        kinds: list[int] = []
        for row, event in enumerate(events):
            if event.signatures_issued or event.signatures_presented:
                issued = {*(event.signatures_issued or ())} - {""}
                presented = self._kept({*(event.signatures_presented or ())} - issued - {""})
                issued = self._kept(issued)
                counts[row] = len(issued) + len(presented)
                shown += sorted(issued) + sorted(presented)
                kinds += [ISSUED] * len(issued) + [TieKind.SIGNATURE] * len(presented)
        hashes = self._hasher.columns({"signature": shown})["signature"]
        return tie_keys(hashes, np.array(kinds, np.uint64)), np.cumsum(counts)

    def _kept(self, signatures: set[str]) -> set[str]:
        """Of too many signatures those with the smallest hashes: nobody can choose which."""
        if len(signatures) <= MOST_SIGNATURES:
            return signatures
        ordered = sorted(signatures)
        hashes = self._hasher.columns({"signature": ordered})["signature"]
        return {ordered[place] for place in np.argsort(hashes)[:MOST_SIGNATURES].tolist()}


def _tie_columns(shown: Columns) -> Hashes:
    return np.stack(list(shown.values()))


def _shape_hashes(events: Events, hashes: Columns, completions: Numbers) -> Hashes:
    """How the request was parameterised, 0 where the caller chose nothing."""
    most = _numbers([event.max_tokens for event in events])
    temperature = _numbers([event.temperature for event in events])
    numbers = [column.view(np.uint64) for column in (most, temperature, completions)]
    shape = combine(np.stack([hashes["model"], hashes["operation"], *numbers]))
    return np.where(np.isnan(most) & np.isnan(temperature), np.uint64(0), shape)


def _marks(
    shown: Columns, hashes: Columns, fragments: RequestSketches, refused: NDArray[np.bool_]
) -> Hashes:
    # Networks are numbers that can be read back: spread first, as all other values are.
    by_breadth = {
        "networks": (shown["network"] >> np.uint64(KIND_BITS)) * _GOLDEN,
        "clients": shown["client"],
        "end_users": hashes["end_user"],
        "sessions": hashes["session"],
        "models": hashes["model"],
        "scripts": np.zeros(len(refused), np.uint64),
        "shapes": shown["shape"],
        "toolsets": shown["toolset"],
        "routes": hashes["route"],
        "countries": hashes["country"],
        # What was kept of a text are its small hashes: spread too.
        "techniques": smallest_of(fragments.prompt, fragments.prompt_ends, refused) * _GOLDEN,
    }
    marks = np.zeros((len(refused), len(BREADTHS)), np.uint64)
    mark_rows(np.stack([by_breadth[name] for name in BREADTHS]), marks)
    marks[:, BREADTHS.index("scripts")] = fragments.scripts
    return marks


def _clear(events: Events, client: Hashes) -> dict[int, str]:
    """What may be shown in clear of the clients met, by tie key."""
    rows = dict(zip(client.tolist(), range(len(client)), strict=True))
    rows.pop(0, None)
    shown = {
        key: f"{events[row].user_agent or ''} {events[row].tls_fingerprint or ''}".strip()
        for key, row in rows.items()
    }
    return {key: text[:MOST_CLEAR] for key, text in shown.items()}


def _measures(
    events: Events, fragments: RequestSketches, completions: Numbers, refused: NDArray[np.bool_]
) -> NDArray[np.int64]:
    out = np.zeros((len(events), len(MEASURES)), np.int64)
    sampled = np.diff(fragments.prompt_ends + fragments.system_ends, prepend=0)
    measure_rows(
        _numbers([event.input_tokens for event in events]),
        _numbers([event.cached_tokens for event in events]),
        _numbers([event.output_tokens for event in events]),
        _numbers([event.reasoning_tokens for event in events]),
        _numbers([event.messages for event in events]),
        fragments.characters,
        sampled,
        completions,
        out,
    )
    out[:, MEASURES.index("refused")] = refused
    out[:, MEASURES.index("cut")] = [event.stop_reason in _CUT_REASONS for event in events]
    out[:, MEASURES.index("failed")] = [
        isinstance(event.status, int) and event.status >= _FIRST_FAILURE for event in events
    ]
    return out


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Numbers, NaN where unknown."""
    return np.array(values, np.float64)


def _microseconds(seconds: Sequence[float | str | None]) -> NDArray[np.int64]:
    """Whole microseconds, 0 where unknown."""
    known = np.array(seconds, np.float64)
    return np.rint(np.nan_to_num(known) * _MICROSECONDS).astype(np.int64)


def _non_zero(hashes: Hashes) -> Hashes:
    return np.where(hashes == 0, np.uint64(1), hashes)
