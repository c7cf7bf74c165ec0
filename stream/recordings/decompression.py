"""Streams of bytes out of plain, gzip and Zstandard input, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

_PLAIN_PIECE = 1024 * 1024
# The largest expansions are 1,032 (gzip) and 32,768 (zstd): no piece grows beyond 32 MiB.
_GZIP_PIECE = 16 * 1024
_ZSTD_PIECE = 1024

Read = Callable[[int], bytes]
"""Reads at most so many bytes; none at the end."""

Decompressor = Callable[[Read], Iterator[bytes]]
"""Turns what is read into decompressed pieces."""


class DamagedInput(Exception):
    """The input ends too early or does not decompress; all pieces before it were given out."""


class _Member(Protocol):
    """Decompressor of one gzip member or Zstandard frame."""

    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def plain(read: Read) -> Iterator[bytes]:
    """The bytes as they are."""
    while data := read(_PLAIN_PIECE):
        yield data


def gzip_members(read: Read) -> Iterator[bytes]:
    """All members of a gzip file.

    Raises:
        DamagedInput: Cut off or damaged.
    """
    return _members(read, _GZIP_PIECE, lambda: zlib.decompressobj(wbits=31))


def zstd_frames(read: Read) -> Iterator[bytes]:
    """All frames of a Zstandard file.

    Raises:
        DamagedInput: Cut off or damaged.
    """
    decompressor = zstandard.ZstdDecompressor()
    return _members(read, _ZSTD_PIECE, decompressor.decompressobj)


def _members(read: Read, piece: int, new_member: Callable[[], _Member]) -> Iterator[bytes]:
    member: _Member | None = None
    while data := read(piece):
        while data:
            member = member or new_member()
            try:
                out = member.decompress(data)
            except (zlib.error, zstandard.ZstdError) as error:
                raise DamagedInput(f"damaged compressed data: {error}") from error
            if out:
                yield out
            data = b""
            if member.eof:
                # Tapes and some writers pad with zeros; that is no further member.
                data, member = member.unused_data.lstrip(b"\0"), None
    if member is not None:
        raise DamagedInput("compressed data breaks off")
