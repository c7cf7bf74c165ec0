"""From the columns of requests, wherever they were read, to batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.batch import combine, join_ties, mark_rows, measure_rows, smallest_of
from models.requests.batch import BREADTHS, MEASURES, EventBatch
from models.requests.kinds import KIND_BITS, RENEWED, TieKind, tie_keys
from models.requests.request_sketch import RequestSketches
from models.requests.text_sketcher import ShownTexts

_MICROSECONDS = 1e6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FAILURE = 400

MOST_CLEAR = 256
"""Characters that are shown of a client."""

CUT_REASONS = frozenset({"length", "max_tokens", "max_output_tokens"})
"""Why a model stopped that had more to say."""

NUMBERS = (
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "messages",
    "max_tokens",
    "temperature",
    "n",
    "status",
)
"""Fields of a request that count as numbers."""

HASHED = {
    "request": "id",
    "account": "account",
    "owner": "org",
    "payment": "payment",
    "end_user": "end_user",
    "session": "session",
    "model": "model",
    "operation": "operation",
    "route": "route",
    "country": "country",
    "user_agent": "user_agent",
    "tls": "tls_fingerprint",
}
"""Fields that are hashed, by the purpose that their hashes are keyed for."""

Hashes = NDArray[np.uint64]
Columns = Mapping[str, Hashes]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


class RequestColumns(NamedTuple):
    """Columns of n requests, before they become a batch.

    Attributes:
        names: Accounts as the provider names them.
        ids: Request ids.
        time: Unix seconds, float64[n].
        created: Unix seconds of the sign-up, NaN where unknown, float64[n].
        hashes: By purpose (`HASHED`), 0 where unknown.
        address: `models.requests.hashing.network_bits` of the addresses.
        network: The same of their networks.
        toolsets: Hash of the tools offered, 0 where there are none.
        plan: Plan groups, int64[n].
        numbers: By field (`NUMBERS`), NaN where unknown; a status that is no number is unknown.
        refused: The request hit a refusal.
        cut: The model stopped for one of `CUT_REASONS`.
        texts: What is left of the texts.
        signatures: Tie keys of signatures, ragged.
        signature_ends: Where those of each request end, int64[n].
        client_text: What may be shown of the client software of a row.
    """

    names: list[str]
    ids: list[str]
    time: Numbers
    created: Numbers
    hashes: Columns
    address: Hashes
    network: Hashes
    toolsets: Hashes
    plan: NDArray[np.int64]
    numbers: Mapping[str, Numbers]
    refused: Flags
    cut: Flags
    texts: ShownTexts
    signatures: Hashes
    signature_ends: NDArray[np.int64]
    client_text: Callable[[int], str]


def client_text(user_agent: str, tls_fingerprint: str) -> str:
    """What may be shown of client software."""
    return f"{user_agent} {tls_fingerprint}".strip()[:MOST_CLEAR]


def batch_of(columns: RequestColumns) -> EventBatch:
    """The batch of these requests, in their order; epoch and position are left to the source."""
    count, hashes = len(columns.names), columns.hashes
    shown = _shown(columns)
    fragments = _with_kind(columns.texts.sketches, TieKind.FRAGMENT)
    ties, tie_ends = join_ties(
        np.stack(list(shown.values())),
        fragments.prompt,
        fragments.prompt_ends,
        fragments.system,
        fragments.system_ends,
        *_further(columns),
    )
    time = _microseconds(columns.time)
    reference = hashes["request"] ^ hashes["account"]
    return EventBatch(
        time=time,
        epoch=np.zeros(count, np.int64),
        position=np.zeros(count, np.int64),
        account=hashes["account"],
        request=_non_zero(reference ^ (time.astype(np.uint64) * _GOLDEN)),
        reference=_non_zero(reference),
        measures=_measures(columns, fragments),
        marks=_marks(shown, hashes, fragments, columns.refused),
        owner=hashes["owner"],
        plan=columns.plan,
        created=_microseconds(columns.created),
        payment=shown["payment"],
        network=shown["network"],
        ties=ties,
        tie_ends=tie_ends,
        names=columns.names,
        ids=columns.ids,
        clear=_clear(columns, shown["client"]),
    )


def _with_kind(sketches: RequestSketches, kind: int) -> RequestSketches:
    """Fragments as tie keys."""
    return sketches._replace(
        prompt=tie_keys(sketches.prompt, kind), system=tie_keys(sketches.system, kind)
    )


def _further(columns: RequestColumns) -> tuple[Hashes, NDArray[np.int64]]:
    """Tie keys of signatures, after those of texts under the key that they will have, ragged."""
    if columns.texts.renewed is None:
        return columns.signatures, columns.signature_ends
    renewed = _with_kind(columns.texts.renewed, RENEWED)
    keys, ends = join_ties(
        np.empty((0, len(columns.names)), np.uint64),
        renewed.prompt,
        renewed.prompt_ends,
        renewed.system,
        renewed.system_ends,
        columns.signatures,
        columns.signature_ends,
    )
    return keys, ends


def _shown(columns: RequestColumns) -> dict[str, Hashes]:
    """Tie keys of the values that a request shows one of each kind of."""
    hashes = columns.hashes
    client = combine(np.stack([hashes["user_agent"], hashes["tls"]]))
    return {
        "payment": tie_keys(hashes["payment"], TieKind.PAYMENT),
        "address": tie_keys(columns.address << np.uint64(KIND_BITS), TieKind.ADDRESS),
        "network": tie_keys(columns.network << np.uint64(KIND_BITS), TieKind.NETWORK),
        "client": tie_keys(client, TieKind.CLIENT),
        "toolset": tie_keys(columns.toolsets, TieKind.TOOLS),
        "shape": tie_keys(_shape_hashes(columns), TieKind.SHAPE),
    }


def _shape_hashes(columns: RequestColumns) -> Hashes:
    """How the request was parameterised, 0 where the caller chose nothing."""
    hashes, numbers = columns.hashes, columns.numbers
    most, temperature = numbers["max_tokens"], numbers["temperature"]
    chosen = [column.view(np.uint64) for column in (most, temperature, numbers["n"])]
    shape = combine(np.stack([hashes["model"], hashes["operation"], *chosen]))
    return np.where(np.isnan(most) & np.isnan(temperature), np.uint64(0), shape)


def _marks(shown: Columns, hashes: Columns, fragments: RequestSketches, refused: Flags) -> Hashes:
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


def _clear(columns: RequestColumns, client: Hashes) -> dict[int, str]:
    """What may be shown in clear of the clients met, by tie key."""
    rows = dict(zip(client.tolist(), range(len(client)), strict=True))
    rows.pop(0, None)
    return {key: columns.client_text(row) for key, row in rows.items()}


def _measures(columns: RequestColumns, fragments: RequestSketches) -> NDArray[np.int64]:
    numbers = columns.numbers
    out = np.zeros((len(columns.names), len(MEASURES)), np.int64)
    measure_rows(
        numbers["input_tokens"],
        numbers["cached_tokens"],
        numbers["output_tokens"],
        numbers["reasoning_tokens"],
        numbers["messages"],
        fragments.characters,
        np.diff(fragments.prompt_ends + fragments.system_ends, prepend=0),
        numbers["n"],
        out,
    )
    out[:, MEASURES.index("refused")] = columns.refused
    out[:, MEASURES.index("cut")] = columns.cut
    out[:, MEASURES.index("failed")] = numbers["status"] >= _FIRST_FAILURE
    return out


def _microseconds(seconds: Numbers) -> NDArray[np.int64]:
    """Whole microseconds, 0 where unknown."""
    return np.rint(np.nan_to_num(seconds) * _MICROSECONDS).astype(np.int64)


def _non_zero(hashes: Hashes) -> Hashes:
    return np.where(hashes == 0, np.uint64(1), hashes)
