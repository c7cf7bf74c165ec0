"""Sketches on the wire: the field `sketch` of a request, made at the edge, read at ingestion.

A record is base64 (RFC 4648) of a MessagePack array: version, id of the key, fragments of the
prompt, fragments of the system text, writing systems, characters of the prompt, characters of the
system text, version of the weights of intents, scores of intents. Fragments are 64-bit hashes,
little-endian, ascending: their order in the text is nobody's business. No weights of intents are
fitted; their version is then 0, and there are no scores. While one key gives way to another, there
follow the id of the other key and the fragments under it.
"""

from __future__ import annotations

import binascii
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, repeat
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

_MOST_BYTES = 4 * 8 * MOST_FRAGMENTS + 512
_LONGEST = (_MOST_BYTES + 2) // 3 * 4

_Fragments = Annotated[bytes, msgspec.Meta(max_length=8 * MOST_FRAGMENTS)]
_Key = Annotated[str, msgspec.Meta(max_length=64)]
_Part = tuple[bytes, bytes]
_Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Head(msgspec.Struct, array_like=True, frozen=True):
    """What records of every version begin with."""

    version: _Version
    key: _Key


class _Renewed(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Fragments of the same texts under another key."""

    key: _Key
    prompt: _Fragments
    system: _Fragments


class _Record(_Head, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record of today's version, under one key."""

    prompt: _Fragments
    system: _Fragments
    scripts: Annotated[int, msgspec.Meta(ge=0, le=255)]
    characters: Count
    system_characters: Count
    weights: _Version
    intents: Annotated[list[float], msgspec.Meta(max_length=32)]


class _Doubled(_Record, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The same, perhaps under another key too."""

    renewed: _Renewed | None = None

    @property
    def parts(self) -> dict[str, _Part]:
        """Fragments of prompt and system text by the key that they are under."""
        parts: dict[str, _Part] = {self.key: (self.prompt, self.system)}
        if self.renewed is not None:
            parts[self.renewed.key] = (self.renewed.prompt, self.renewed.system)
        return parts


class DecodedSketches(NamedTuple):
    """What came of some records.

    Attributes:
        sketches: The sketches that can be used, each under the first key that was wanted of those
            that it was made under.
        renewed: The same under the last key that was wanted, empty where that is no other.
        rows: The record of each, ascending.
        dropped: How many others there are, by reason.
    """

    sketches: RequestSketches
    renewed: RequestSketches
    rows: list[int]
    dropped: Counter[str]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Doubled)
_head_decoder = msgspec.msgpack.Decoder(_Head)


def encode_sketches(
    sketches: RequestSketches,
    systems: Sequence[str],
    key: str,
    renewed: tuple[str, RequestSketches] | None = None,
) -> list[str]:
    """One record a request.

    Args:
        sketches: Sketches made under the key.
        systems: System text of each request, for its length.
        key: Id of the key.
        renewed: Id of another key, and sketches of the same requests made under it.
    """
    records: Iterable[_Record] = (
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
        for (prompt, fragments), scripts, characters, system in zip(
            _fragments(sketches),
            sketches.scripts.tolist(),
            sketches.characters.tolist(),
            systems,
            strict=True,
        )
    )
    if renewed is not None:
        records = map(_doubled, records, repeat(renewed[0]), _fragments(renewed[1]))
    return [
        binascii.b2a_base64(_encoder.encode(record), newline=False).decode() for record in records
    ]


def _doubled(record: _Record, key: str, part: _Part) -> _Doubled:
    """The record with what another key makes of the same texts."""
    return _Doubled(**msgspec.structs.asdict(record), renewed=_Renewed(key, *part))


def _fragments(sketches: RequestSketches) -> Iterator[_Part]:
    """Fragments of the prompt and of the system text of each request, as on the wire."""
    return zip(
        _parts(sketches.prompt, sketches.prompt_ends),
        _parts(sketches.system, sketches.system_ends),
        strict=True,
    )


def _parts(hashes: NDArray[np.uint64], ends: NDArray[np.int64]) -> Iterator[bytes]:
    """Each row of a ragged column as on the wire."""
    for start, end in pairwise([0, *ends.tolist()]):
        yield np.sort(hashes[start:end]).astype("<u8").tobytes()


def decode_sketches(texts: Sequence[str], wanted: Sequence[tuple[str, ...]]) -> DecodedSketches:
    """Read records; nothing in them can make it raise.

    Args:
        texts: The records.
        wanted: For each the ids of the keys under which it can be used, the best first.
    """
    found: dict[int, tuple[_Doubled, _Part, _Part]] = {}
    dropped: Counter[str] = Counter()
    for row, (text, keys) in enumerate(zip(texts, wanted, strict=True)):
        record = _read(text)
        if isinstance(record, str):
            dropped[record] += 1
            continue
        known = [key for key in keys if key in record.parts]
        if not known:
            dropped[UNKNOWN_KEY] += 1
            continue
        renewed = record.parts[keys[-1]] if known[-1] == keys[-1] != known[0] else (b"", b"")
        found[row] = (record, record.parts[known[0]], renewed)
    both = _joined(found.values())
    impossible = set().union(*map(_impossible, both))
    if impossible:
        dropped[DAMAGED] += len(impossible)
        kept = [row for place, row in enumerate(found) if place not in impossible]
        found = {row: found[row] for row in kept}
        both = _joined(found.values())
    return DecodedSketches(*both, list(found), dropped)


def _read(text: str) -> _Doubled | str:
    """The record, or why it cannot be used."""
    if len(text) > _LONGEST:
        return DAMAGED
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
        if _head_decoder.decode(data).version != SKETCH_VERSION:
            return UNKNOWN_VERSION
        record = _decoder.decode(data)
    except (ValueError, RecursionError):
        return DAMAGED
    sizes = [len(part) for parts in record.parts.values() for part in parts]
    return DAMAGED if any(size % 8 for size in sizes) else record


def _impossible(sketches: RequestSketches) -> set[int]:
    """Rows with hashes that no text can have left: each is sampled, and there once."""
    return _unlike(sketches.prompt, sketches.prompt_ends) | _unlike(
        sketches.system, sketches.system_ends
    )


def _unlike(hashes: NDArray[np.uint64], ends: NDArray[np.int64]) -> set[int]:
    before = np.roll(hashes, 1)
    starts = np.concatenate([[0], ends[:-1]])
    before[starts[starts < len(hashes)]] = 0
    wrong = np.flatnonzero((hashes <= before) | (hashes >= LEAST_UNSAMPLED))
    return set(np.searchsorted(ends, wrong, "right").tolist())


def _joined(
    found: Collection[tuple[_Doubled, _Part, _Part]],
) -> tuple[RequestSketches, RequestSketches]:
    """Sketches of records, of the first and of the second of their parts."""
    characters = np.array([record.characters for record, _, _ in found], np.int64)
    scripts = np.array([record.scripts for record, _, _ in found], np.uint8)
    first, second = (
        RequestSketches(*_ragged(parts, 0), *_ragged(parts, 1), characters, scripts)
        for parts in ([one for _, one, _ in found], [one for _, _, one in found])
    )
    return first, second


def _ragged(parts: Sequence[_Part], place: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of one text of each record, and where those of each end."""
    several = [part[place] for part in parts]
    hashes = np.frombuffer(b"".join(several), "<u8").astype(np.uint64)
    return hashes, np.cumsum([len(part) // 8 for part in several], dtype=np.int64)
