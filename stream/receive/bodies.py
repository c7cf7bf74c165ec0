"""Bodies of requests, read within bounds of size, time and memory."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from stream.receive.options import ReceiveOptions
from stream.receive.refusal import Refusal
from stream.recordings.decompression import DamagedInput, Decompressor, gzip_members, zstd_frames

_PACKINGS: dict[str, Decompressor] = {"gzip": gzip_members, "zstd": zstd_frames}
_RETRY_SECONDS = 2


class Room:
    """Memory for bodies that are read, unpacked or on their way to Kafka.

    Args:
        most: Bytes that may be held at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @property
    def in_use(self) -> int:
        """Bytes that are held now."""
        return self._held

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold so many bytes.

        Raises:
            Refusal: There is no room, since Kafka is slow or too much comes.
        """
        if self._held + size > self._most:
            raise Refusal(429, "too much is waiting for Kafka", _RETRY_SECONDS)
        self._held += size
        try:
            yield
        finally:
            self._held -= size


async def read_body(request: web.Request, options: ReceiveOptions) -> bytes:
    """The body as it was sent.

    Raises:
        Refusal: It is too large, comes too slowly, breaks off, or its chunks are none.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(options.body_seconds):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > options.most_body_bytes:
                    raise _too_large(options.most_body_bytes)
    except TimeoutError:
        reason = f"the body took longer than {options.body_seconds:g} s"
        raise Refusal(408, reason, _RETRY_SECONDS) from None
    except (ConnectionError, web.RequestPayloadError):
        # Whoever has hung up does not hear it: it is counted, and no fault of ours.
        raise Refusal(400, "the body breaks off, or is not framed as HTTP says") from None
    return bytes(body)


def declared_size(request: web.Request, options: ReceiveOptions) -> int:
    """Bytes that the body will take, the most where it does not say.

    Raises:
        Refusal: More than may be sent.
    """
    size = request.content_length
    if size is not None and size > options.most_body_bytes:
        raise _too_large(options.most_body_bytes)
    return options.most_body_bytes if size is None else size


async def unpack_body(request: web.Request, body: bytes, most: int) -> bytes:
    """The body as it was before it was compressed.

    Raises:
        Refusal: It is in an encoding that is not read, damaged, or larger than `most` bytes.
    """
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        return body
    if packing not in _PACKINGS:
        raise Refusal(415, "Content-Encoding must be gzip or zstd")
    return await asyncio.to_thread(_unpacked, body, _PACKINGS[packing], most)


def _unpacked(body: bytes, decompress: Decompressor, most: int) -> bytes:
    out = bytearray()
    try:
        # Pieces are small enough that a bomb is found out before it has gone off.
        for piece in decompress(io.BytesIO(body).read):
            out += piece
            if len(out) > most:
                raise _too_large(most)
    except DamagedInput as error:
        raise Refusal(400, f"the body cannot be decompressed: {error}") from error
    return bytes(out)


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body is larger than {most:,} bytes")
