"""From decoded requests to columnar batches; text and identifiers end here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.batch import BREADTHS, MEASURES, PLANS, EventBatch
from models.hashing import HashCache, keyed_hash, network_bits, string_hashes
from models.kernels.batch import join_ties, measure_rows
from models.kinds import KIND_BITS, TieKind, tie_keys
from models.sketch import Sketcher
from schemas.request import RequestEvent

_PAYMENT_COLUMN, _NETWORK_COLUMN = 0, 2
_CUT_REASONS = frozenset({"length", "max_tokens", "max_output_tokens"})


class BatchBuilder:
    """Makes batches of decoded requests under one key; text and identifiers end here."""

    def __init__(self, key: bytes) -> None:
        self._sketcher = Sketcher(key)
        self._id_seed = keyed_hash(key, "request", b"")

        def cache(purpose: str) -> HashCache:
            return HashCache(lambda value: keyed_hash(key, purpose, _as_bytes(value)))

        self._accounts = cache("account")
        self._owners = cache("owner")
        self._payments = cache("payment")
        self._clients = cache("client")
        self._toolsets = cache("tools")
        self._shapes = cache("shape")
        self._words = cache("word")
        self._signatures = cache("signature")
        self._addresses: dict[Any, tuple[int, int]] = {None: (0, 0)}

    def account_key(self, account: str) -> int:
        """The key under which an account is kept."""
        return self._accounts[account]

    def payment_key(self, payment: str) -> int:
        """The tie key of a payment instrument."""
        return int(tie_keys(np.array([self._payments[payment]], np.uint64), TieKind.PAYMENT)[0])

    def owner_key(self, owner: str) -> int:
        """The key of an organisation."""
        return self._owners[owner]

    def build(self, events: Sequence[RequestEvent]) -> EventBatch:
        """The batch of these events, in their order."""
        time = _microseconds([event.time for event in events])
        account = self._accounts.column([event.account for event in events])
        ids = [event.id for event in events]
        reference = string_hashes(ids, self._id_seed) ^ account
        request = reference ^ (time.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        texts, fragments, fragment_ends, scripts = self._sketch(events)
        columns, marks, clear = self._shared(events)
        marks[:, BREADTHS.index("scripts")] = scripts
        signatures, signature_ends = self._signature_keys(events)
        ties, tie_ends = join_ties(columns, fragments, fragment_ends, signatures, signature_ends)
        return EventBatch(
            time=time,
            account=account,
            request=_non_zero(request),
            reference=_non_zero(reference),
            measures=self._measures(events, texts, fragment_ends),
            marks=marks,
            owner=self._owners.column([event.org for event in events]),
            plan=np.array([PLANS.get(event.plan or "", 0) for event in events], np.int64),
            created=_microseconds([event.account_created for event in events]),
            payment=columns[:, _PAYMENT_COLUMN].copy(),
            network=columns[:, _NETWORK_COLUMN].copy(),
            ties=ties,
            tie_ends=tie_ends,
            names=[event.account for event in events],
            ids=ids,
            clear=clear,
        )

    def _sketch(
        self, events: Sequence[RequestEvent]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint8]]:
        prompts = [event.prompt or "" for event in events]
        characters = np.fromiter(map(len, prompts), np.int64, len(prompts))
        prompt = self._sketcher.sketch(prompts)
        if not any(event.system for event in events):
            keys = tie_keys(prompt.fragments, TieKind.FRAGMENT)
            return characters, keys, prompt.ends, prompt.scripts
        system = self._sketcher.sketch([event.system or "" for event in events], dense=True)
        both, ends = join_ties(
            np.empty((len(events), 0), np.uint64),
            prompt.fragments,
            prompt.ends,
            system.fragments,
            system.ends,
        )
        return characters, tie_keys(both, TieKind.FRAGMENT), ends, prompt.scripts

    def _shared(
        self, events: Sequence[RequestEvent]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64], dict[int, str]]:
        """Tie keys a row and kind (fragments and signatures apart), breadth marks, clear values."""
        clients = [_client_of(event) for event in events]
        client = tie_keys(self._clients.column(clients), TieKind.CLIENT)
        shape = self._shapes.column([_shape_of(event) for event in events])
        tools = [tuple(sorted(event.tools)) if event.tools else None for event in events]
        toolset = self._toolsets.column(tools)
        address, network = self._network_keys([event.ip for event in events])
        payment = self._payments.column([event.payment for event in events])
        columns = np.stack(
            [
                tie_keys(payment, TieKind.PAYMENT),
                tie_keys(address << np.uint64(KIND_BITS), TieKind.ADDRESS),
                tie_keys(network << np.uint64(KIND_BITS), TieKind.NETWORK),
                client,
                tie_keys(toolset, TieKind.TOOLS),
                tie_keys(shape, TieKind.SHAPE),
            ],
            axis=1,
        )
        marks = np.zeros((len(events), len(BREADTHS)), np.uint64)
        model = self._words.column([event.model for event in events])
        for name, hashes in {
            "networks": network * np.uint64(0x9E3779B97F4A7C15),
            "clients": client,
            "end_users": self._words.column([event.end_user for event in events]),
            "sessions": self._words.column([event.session for event in events]),
            "models": model,
            "shapes": shape,
            "toolsets": toolset,
        }.items():
            bits = np.uint64(1) << (hashes >> np.uint64(58))
            marks[:, BREADTHS.index(name)] = np.where(hashes == 0, np.uint64(0), bits)
        clear = dict(zip(client.tolist(), [_client_text(parts) for parts in clients], strict=True))
        clear.pop(0, None)
        return columns, marks, clear

    def _network_keys(
        self, addresses: Sequence[str | None]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        known = self._addresses
        if len(known) > 1 << 18:
            known.clear()
            known[None] = (0, 0)
        for address in set(addresses).difference(known):
            known[address] = network_bits(str(address))
        pairs = np.array([known[address] for address in addresses], np.uint64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _signature_keys(
        self, events: Sequence[RequestEvent]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        counts = np.zeros(len(events), np.int64)
        found: list[int] = []
        for row, event in enumerate(events):
            if event.signatures_issued or event.signatures_presented:
                shown = {*(event.signatures_issued or ()), *(event.signatures_presented or ())}
                counts[row] = len(shown)
                found.extend(self._signatures[signature] for signature in shown)
        keys = tie_keys(np.array(found, np.uint64), TieKind.SIGNATURE)
        return keys, np.cumsum(counts)

    @staticmethod
    def _measures(
        events: Sequence[RequestEvent],
        characters: NDArray[np.int64],
        fragment_ends: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        out = np.zeros((len(events), len(MEASURES)), np.int64)
        measure_rows(
            _numbers([event.input_tokens for event in events]),
            _numbers([event.cached_tokens for event in events]),
            _numbers([event.output_tokens for event in events]),
            _numbers([event.reasoning_tokens for event in events]),
            _numbers([event.messages for event in events]),
            characters,
            np.diff(fragment_ends, prepend=0),
            out,
        )
        out[:, MEASURES.index("refused")] = [event.refused is True for event in events]
        out[:, MEASURES.index("cut")] = [event.stop_reason in _CUT_REASONS for event in events]
        out[:, MEASURES.index("failed")] = [_failed(event.status) for event in events]
        return out


def _client_of(event: RequestEvent) -> tuple[str, str] | None:
    if event.user_agent is None and event.tls_fingerprint is None:
        return None
    return event.user_agent or "", event.tls_fingerprint or ""


def _client_text(client: tuple[str, str] | None) -> str:
    return " ".join(part for part in client or () if part)


def _shape_of(event: RequestEvent) -> tuple[Any, ...] | None:
    """How the request was parameterised, where the caller chose anything."""
    if event.max_tokens is None and event.temperature is None:
        return None
    return (event.model, event.operation, event.max_tokens, event.temperature, event.n)


def _failed(status: int | str | None) -> bool:
    return isinstance(status, int) and status >= 400


def _numbers(values: list[int | None]) -> NDArray[np.float64]:
    return np.array(values, np.float64)


def _microseconds(values: list[float | str | None]) -> NDArray[np.int64]:
    seconds = np.array(values, np.float64)
    return np.where(np.isnan(seconds), 0, np.rint(seconds * 1e6)).astype(np.int64)


def _non_zero(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.where(hashes == 0, np.uint64(1), hashes)


def _as_bytes(value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")
