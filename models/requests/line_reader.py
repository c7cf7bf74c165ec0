"""From lines of the native format to batches, without an event where a line is usual.

`models.kernels.lines` says what is usual. Other lines take the way through `schemas.codec`, and
their requests stand among the others as if all had: both ways give the same batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.kernels.lines import COUNT, FLAG, LIST, LONG, NUMBER, TEXT, TIME, read_lines
from models.kernels.names import find_names, name_table
from models.kernels.strings import gather_bytes
from models.requests.batch import PLANS, EventBatch, concatenate
from models.requests.hashing import network_spans
from models.requests.ingestion import BatchBuilder, Signatures
from models.requests.request_columns import (
    CUT_REASONS,
    HASHED,
    NUMBERS,
    RequestColumns,
    batch_of,
    client_text,
)
from models.requests.request_sketch import JoinedTexts
from models.requests.sketch import LONGEST_TEXT
from models.requests.text_sketcher import ShownTexts
from schemas.codec import MAX_LINE, decode_requests
from schemas.errors import InvalidRecord

_BLOCK = 8
_SPARE = 4 * _BLOCK
_MOST_TOOLSETS, _LONGEST_TOOLSET = 1 << 12, 1 << 12

_KINDS = {
    TEXT: (*HASHED.values(), "plan", "ip", "stop_reason", "api_key"),
    LIST: ("tools", "signatures_issued", "signatures_presented"),
    TIME: ("time", "account_created"),
    FLAG: ("refused",),
    NUMBER: ("max_tokens", "temperature", "n", "latency_ms"),
    COUNT: tuple(
        name
        for name in (*NUMBERS, "images", "asn")
        if name not in {"max_tokens", "temperature", "n"}
    ),
    LONG: ("prompt", "system"),
}
_SPANS = (*_KINDS[TEXT], *_KINDS[LIST])
_NUMBERS = (*_KINDS[TIME], *_KINDS[FLAG], *_KINDS[NUMBER], *_KINDS[COUNT])
_REQUIRED = ("id", "account", "time")


def _fields() -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The names of all fields for the kernel, and kind and place among the columns of each."""
    places = {
        name: place
        for group in (_SPANS, _NUMBERS, _KINDS[LONG])
        for place, name in enumerate(group)
    }
    kinds = {name: kind for kind, names in _KINDS.items() for name in names}
    names = (*_REQUIRED, *(name for name in kinds if name not in _REQUIRED))
    return name_table(names), np.array([(kinds[name], places[name]) for name in names], np.int64)


_NAMES, _FIELDS = _fields()
_PLANS, _PLAN_GROUPS = name_table(tuple(PLANS)), np.array([*PLANS.values(), 0])
_CUTS = name_table(tuple(CUT_REASONS))


class LineBlock(Sequence[bytes]):
    """Lines in one buffer.

    Attributes:
        data: The buffer, uint8, in whole blocks of eight, with 32 zeros behind the last line.
        starts: Where each line starts, uint64[n].
        ends: Where each ends.
    """

    def __init__(
        self, data: NDArray[np.uint8], starts: NDArray[np.uint64], ends: NDArray[np.uint64]
    ) -> None:
        self.data, self.starts, self.ends = data, starts, ends

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> LineBlock:
        """These lines, one after the other."""
        joined = b"\n".join(lines)
        sizes = np.fromiter(map(len, lines), np.int64, len(lines))
        ends = np.cumsum(sizes + 1) - 1
        padding = bytes(_SPARE + -len(joined) % _BLOCK)
        data = np.frombuffer(joined + padding, np.uint8)
        return cls(data, (ends - sizes).astype(np.uint64), ends.astype(np.uint64))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> LineBlock: ...
    def __getitem__(self, place: int | slice) -> bytes | LineBlock:
        if isinstance(place, slice):
            return LineBlock(self.data, self.starts[place], self.ends[place])
        return self.data[self.starts[place] : self.ends[place]].tobytes()

    def of_rows(self, rows: Sequence[int] | NDArray[np.intp]) -> LineBlock:
        """Some of the lines."""
        return LineBlock(self.data, self.starts[rows], self.ends[rows])


class ReadLines(NamedTuple):
    """What lines gave: see `schemas.codec.DecodedRequests`; `batch` is None without a request."""

    batch: EventBatch | None
    rows: list[int]
    rejects: list[tuple[int, InvalidRecord]]
    unknown_fields: dict[str, int]


class _Columns:
    """Columns of usual lines as the kernel fills them."""

    def __init__(self, lines: LineBlock, texts: NDArray[np.uint8]) -> None:
        count = len(lines)
        self.lines = lines
        self.spans = np.zeros((2, len(_SPANS), count), np.uint64)
        self.numbers = np.full((len(_NUMBERS), count), np.nan)
        self.texts = texts
        self.text_ends = np.zeros((len(_KINDS[LONG]), count), np.uint64)
        self.characters = np.zeros((len(_KINDS[LONG]), count), np.int64)

    def read(self) -> NDArray[np.bool_]:
        """Fill them; which rows are usual. Those of other rows are left empty."""
        lines = self.lines
        usual: NDArray[np.bool_] = read_lines(
            lines.data, lines.starts, lines.ends, _NAMES, _FIELDS,
            self.spans, self.numbers, self.texts, self.text_ends, self.characters,
        )  # fmt: skip
        usual &= (self.characters <= LONGEST_TEXT).all(axis=0)
        usual &= lines.ends - lines.starts <= MAX_LINE
        if not usual.all():
            self.spans[:, :, ~usual] = 0
            self.numbers[:, ~usual] = np.nan
        return usual

    def span(self, field: str) -> NDArray[np.uint64]:
        """Where the values of a field start and end, uint64[2, n]."""
        return self.spans[:, _SPANS.index(field)]

    def text(self, field: str, row: int) -> str:
        """One value of a field."""
        start, end = self.span(field)[:, row]
        return self.lines.data[start:end].tobytes().decode()

    def number(self, field: str) -> NDArray[np.float64]:
        """The values of a field."""
        values: NDArray[np.float64] = self.numbers[_NUMBERS.index(field)]
        return values

    def found(self, field: str, table: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Which name of a table each value of a field is, -1 for none."""
        starts, ends = self.span(field)
        found: NDArray[np.int64] = find_names(self.lines.data, starts, ends, table)
        return found

    def lists(self, field: str) -> Iterator[tuple[int, bytes]]:
        """Rows with a list, and the list as it is written."""
        starts, ends = self.span(field)
        for row in np.flatnonzero(ends).tolist():
            yield row, self.lines.data[starts[row] : ends[row]].tobytes()

    def long_text(self, field: str) -> JoinedTexts:
        """The values of a field for long texts."""
        place = _KINDS[LONG].index(field)
        start = place * len(self.lines.data)
        ends = self.text_ends[place].astype(np.int64) - start
        return JoinedTexts(self.texts[start:], ends, self.characters[place])


class LineReader:
    """Reads lines into batches; not for several threads at once.

    Args:
        builder: Makes batches under the operator's key.
    """

    def __init__(self, builder: BatchBuilder) -> None:
        self._builder = builder
        self._texts = np.empty(0, np.uint8)
        self._toolsets: dict[bytes, str] = {}

    def read(self, lines: LineBlock) -> ReadLines:
        """The batch of these lines, in their order; nothing in them can make it raise."""
        room = len(_KINDS[LONG]) * len(lines.data)
        # Kept: memory that is new to the process costs more than what is done with it.
        if room > len(self._texts):
            self._texts = np.empty(2 * room, np.uint8)
        columns = _Columns(lines, self._texts)
        usual = columns.read()
        unusual = np.flatnonzero(~usual).tolist()
        decoded = decode_requests([lines[row] for row in unusual])
        usual_batch = batch_of(self._request_columns(columns)) if usual.any() else None
        rejects = [(unusual[place], error) for place, error in decoded.rejects]
        if not unusual:
            return ReadLines(usual_batch, list(range(len(lines))), [], {})
        # Where each accepted line stands among the usual ones followed by the others.
        place = np.where(usual, np.arange(len(lines)), -1)
        first = 0 if usual_batch is None else len(lines)
        place[[unusual[row] for row in decoded.rows]] = first + np.arange(len(decoded.rows))
        rows = np.flatnonzero(place >= 0)
        batches = [] if usual_batch is None else [usual_batch]
        if decoded.events:
            batches.append(self._builder.build(decoded.events))
        batch = concatenate(batches).take(place[rows]) if batches else None
        return ReadLines(batch, rows.tolist(), rejects, decoded.unknown_fields)

    def _request_columns(self, columns: _Columns) -> RequestColumns:
        data = columns.lines.data
        starts, ends = columns.spans[:, : len(HASHED)]
        signatures, signature_ends = self._signatures(columns)
        address, network = network_spans(data, *columns.span("ip"))
        return RequestColumns(
            names=_texts(data, *columns.span("account")),
            ids=_texts(data, *columns.span("id")),
            time=columns.number("time"),
            created=columns.number("account_created"),
            hashes=self._builder.hasher.spans(tuple(HASHED), data, starts, ends),
            address=address,
            network=network,
            toolsets=self._toolset_hashes(columns),
            plan=_PLAN_GROUPS[columns.found("plan", _PLANS)],
            numbers={name: columns.number(name) for name in NUMBERS},
            refused=columns.number("refused") == 1,
            cut=columns.found("stop_reason", _CUTS) >= 0,
            texts=self._shown_texts(columns),
            signatures=signatures,
            signature_ends=signature_ends,
            client_text=lambda row: client_text(
                columns.text("user_agent", row), columns.text("tls_fingerprint", row)
            ),
        )

    def _toolset_hashes(self, columns: _Columns) -> NDArray[np.uint64]:
        joined = [""] * len(columns.lines)
        known = self._toolsets
        if len(known) > _MOST_TOOLSETS:
            known.clear()
        for row, written in columns.lists("tools"):
            tools = known.get(written) or "\0".join(msgspec.json.decode(written))
            # Callers choose their names, and how long they are.
            if len(written) <= _LONGEST_TOOLSET:
                known[written] = tools
            joined[row] = tools
        return self._builder.toolsets.hashes(joined)

    def _signatures(self, columns: _Columns) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        shown: list[Signatures] = [(None, None)] * len(columns.lines)
        for row, written in columns.lists("signatures_issued"):
            shown[row] = (msgspec.json.decode(written), None)
        for row, written in columns.lists("signatures_presented"):
            shown[row] = (shown[row][0], msgspec.json.decode(written))
        return self._builder.signature_keys(shown)

    def _shown_texts(self, columns: _Columns) -> ShownTexts:
        system, prompt = columns.long_text("system"), columns.long_text("prompt")
        starts = np.concatenate([[0], system.ends[:-1]]).astype(np.uint64)
        ends = system.ends.astype(np.uint64)
        hashes = self._builder.hasher.spans(("system",), system.data, starts[None], ends[None])
        # System texts repeat: each is sketched once a batch.
        _, firsts, places = np.unique(hashes["system"], return_index=True, return_inverse=True)
        distinct = [system.data[starts[row] : ends[row]].tobytes().decode() for row in firsts]
        return self._builder.sketcher.show(
            columns.number("time"),
            lambda sketcher: sketcher.sketch_joined(prompt, distinct, places),
        )


def _texts(
    data: NDArray[np.uint8], starts: NDArray[np.uint64], ends: NDArray[np.uint64]
) -> list[str]:
    """The ASCII texts that stand in a buffer from each start to its end."""
    text = gather_bytes(data, starts, ends).tobytes().decode()
    places = np.cumsum(ends - starts).tolist()
    return [text[start:end] for start, end in zip([0, *places], places, strict=False)]
