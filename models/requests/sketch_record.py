"""Sketches on the wire: the field `sketch` of a request, made at the edge, read at ingestion.

A record is base64 (RFC 4648) of a MessagePack array: version, id of the key, fragments of the
prompt, fragments of the system text, writing systems, characters of the prompt, characters of the
system text, version of the weights of intents, scores of intents. Fragments are 64-bit hashes,
little-endian, ascending: their order in the text is nobody's business. No weights of intents are
fitted; their version is then 0, and there are no scores.
"""

from __future__ import annotations

import binascii
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.requests.request_sketch import RequestSketches
from models.requests.sketch import LEAST_UNSAMPLED, MOST_FRAGMENTS
from schemas.request import Count

SKETCH_VERSION = 1

UNKNOWN_VERSION = "unknown version"
UNKNOWN_KEY = "unknown key"
DAMAGED = "damaged"

_MOST_BYTES = 2 * 8 * MOST_FRAGMENTS + 512
_LONGEST = (_MOST_BYTES + 2) // 3 * 4

_Fragments = Annotated[bytes, msgspec.Meta(max_length=8 * MOST_FRAGMENTS)]
_Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Head(msgspec.Struct, array_like=True, frozen=True):
    """What records of every version begin with."""

    version: _Version
    key: Annotated[str, msgspec.Meta(max_length=64)]


class _Record(_Head, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record of today's version."""

    prompt: _Fragments
    system: _Fragments
    scripts: Annotated[int, msgspec.Meta(ge=0, le=255)]
    characters: Count
    system_characters: Count
    weights: _Version
    intents: Annotated[list[float], msgspec.Meta(max_length=32)]


class DecodedSketches(NamedTuple):
    """What came of some records.

    Attributes:
        sketches: The sketches that can be used.
        rows: The record of each, ascending.
        dropped: How many others there are, by reason.
    """

    sketches: RequestSketches
    rows: list[int]
    dropped: Counter[str]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)
_head_decoder = msgspec.msgpack.Decoder(_Head)


def encode_sketches(sketches: RequestSketches, systems: Sequence[str], key: str) -> list[str]:
    """One record a request.

    Args:
        sketches: Sketches made under the key.
        systems: System text of each request, for its length.
        key: Id of the key.
    """
    records = (
        _Record(
            version=SKETCH_VERSION,
            key=key,
            prompt=prompt,
            system=fragments,
            scripts=scripts,
            characters=characters,
            system_characters=len(system),
            weights=0,
            intents=[],
        )
        for prompt, fragments, scripts, characters, system in zip(
            _parts(sketches.prompt, sketches.prompt_ends),
            _parts(sketches.system, sketches.system_ends),
            sketches.scripts.tolist(),
            sketches.characters.tolist(),
            systems,
            strict=True,
        )
    )
    return [
        binascii.b2a_base64(_encoder.encode(record), newline=False).decode() for record in records
    ]


def _parts(hashes: NDArray[np.uint64], ends: NDArray[np.int64]) -> Iterator[bytes]:
    """Each row of a ragged column as on the wire."""
    for start, end in pairwise([0, *ends.tolist()]):
        yield np.sort(hashes[start:end]).astype("<u8").tobytes()


def decode_sketches(texts: Sequence[str], key: str) -> DecodedSketches:
    """Read records; nothing in them can make it raise.

    Args:
        texts: The records.
        key: Id of the key that sketches must be made under.
    """
    records: dict[int, _Record] = {}
    dropped: Counter[str] = Counter()
    for row, text in enumerate(texts):
        found = _read(text, key)
        if isinstance(found, str):
            dropped[found] += 1
        else:
            records[row] = found
    sketches = _joined(records.values())
    impossible = _impossible(sketches.prompt, sketches.prompt_ends)
    impossible |= _impossible(sketches.system, sketches.system_ends)
    if impossible:
        dropped[DAMAGED] += len(impossible)
        kept = [row for place, row in enumerate(records) if place not in impossible]
        records = {row: records[row] for row in kept}
        sketches = _joined(records.values())
    return DecodedSketches(sketches, list(records), dropped)


def _read(text: str, key: str) -> _Record | str:
    """The record, or why it cannot be used."""
    if len(text) > _LONGEST:
        return DAMAGED
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
        head = _head_decoder.decode(data)
        if head.version != SKETCH_VERSION:
            return UNKNOWN_VERSION
        if head.key != key:
            return UNKNOWN_KEY
        record = _decoder.decode(data)
    except (ValueError, RecursionError):
        return DAMAGED
    return DAMAGED if len(record.prompt) % 8 or len(record.system) % 8 else record


def _impossible(hashes: NDArray[np.uint64], ends: NDArray[np.int64]) -> set[int]:
    """Rows with hashes that no text can have left: each is sampled, and there once."""
    before = np.roll(hashes, 1)
    starts = np.concatenate([[0], ends[:-1]])
    before[starts[starts < len(hashes)]] = 0
    wrong = np.flatnonzero((hashes <= before) | (hashes >= LEAST_UNSAMPLED))
    return set(np.searchsorted(ends, wrong, "right").tolist())


def _joined(records: Collection[_Record]) -> RequestSketches:
    prompts = [record.prompt for record in records]
    systems = [record.system for record in records]
    return RequestSketches(
        _hashes(prompts),
        _ends(prompts),
        _hashes(systems),
        _ends(systems),
        np.array([record.characters for record in records], np.int64),
        np.array([record.scripts for record in records], np.uint8),
    )


def _hashes(parts: Sequence[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(parts), "<u8").astype(np.uint64)


def _ends(parts: Sequence[bytes]) -> NDArray[np.int64]:
    return np.cumsum([len(part) // 8 for part in parts], dtype=np.int64)
