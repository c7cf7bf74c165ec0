"""Recorded traffic as blocks of lines: plain, gzip, Zstandard or Parquet, from a file or stdin.

What a recording is, its first bytes say; the suffix decides only where these do not suffice.
Everything readable is used: a recording that breaks off is remembered as `truncated`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import orjson

from schemas.codec import MAX_LINE
from stream.errors import RecordingError
from stream.recordings.decompression import (
    DamagedInput,
    Decompressor,
    gzip_members,
    plain,
    zstd_frames,
)

BLOCK_LINES = 4096
"""Most lines of a block."""

_KEPT_OF_A_LONG_LINE = 1024
_BOM = b"\xef\xbb\xbf"
_PARQUET = b"PAR1"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (_PARQUET, "parquet"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SKIPPABLE_FRAME = b"\x2a\x4d\x18"
_SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".parquet": "parquet"}
_DECOMPRESSORS: dict[str, Decompressor] = {
    "plain": plain,
    "gzip": gzip_members,
    "zstd": zstd_frames,
}


class Block(NamedTuple):
    """Consecutive lines without their newlines, or one line that was too long.

    Attributes:
        first_line: Number of the first line; a file starts with line 1.
        lines: The lines; none of them is blank.
        oversized: True when the one line is only the start of a line beyond `MAX_LINE`.
    """

    first_line: int
    lines: list[bytes]
    oversized: bool = False


class Recording:
    """One source of recorded traffic, read once from start to end.

    Args:
        name: Path of a file, or `-` for standard input.

    Attributes:
        size: Bytes of the file, None when it is not known.
        position: Bytes of it read so far, before decompression.
        truncated: Why the recording breaks off, once this was found; None for a whole one.

    Raises:
        RecordingError: Missing, a directory, unreadable, or in a format that cannot be read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.position = 0
        self.truncated: str | None = None
        self._file = _opened(name)
        self.size = None if name == "-" else Path(name).stat().st_size
        try:
            self._head = self._file.read(16)
        except OSError as error:
            self.close()
            raise RecordingError(f"{name}: {error.strerror}") from error
        self.format = _format(self._head, name)
        if self.format not in _DECOMPRESSORS and self.format != "parquet":
            self.close()
            raise RecordingError(f"{name}: {self.format} is not read; use gzip or zstd of UTF-8")
        if self.format == "parquet" and name == "-":
            raise RecordingError("-: Parquet cannot be read from standard input; give a file")

    def blocks(self) -> Iterator[Block]:
        """All lines in order, blank ones left out but numbered.

        Raises:
            RecordingError: A Parquet file that cannot be read.
        """
        if self.format == "parquet":
            yield from _parquet_blocks(self)
        else:
            yield from _blocks(self._chunks(), self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def _chunks(self) -> Iterator[bytes]:
        """Decompressed bytes in pieces of at most `MAX_LINE`."""
        held = bytearray()
        try:
            for piece in _DECOMPRESSORS[self.format](self._read):
                held += piece
                while len(held) >= MAX_LINE:
                    yield bytes(held[:MAX_LINE])
                    del held[:MAX_LINE]
        except DamagedInput as damage:
            self.truncated = str(damage)
        except OSError as error:
            self.truncated = f"cannot be read further: {error.strerror}"
        if held:
            yield bytes(held)

    def _read(self, count: int) -> bytes:
        data = self._head or self._file.read(count)
        self._head = b""
        self.position += len(data)
        return data


def share_read(recordings: Sequence[Recording]) -> float | None:
    """Share of the bytes of all recordings read so far; None when their number is not known."""
    sizes = [recording.size for recording in recordings]
    total = sum(size for size in sizes if size is not None)
    if not total or None in sizes:
        return None
    return sum(recording.position for recording in recordings) / total


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    if path.is_dir():
        raise RecordingError(f"{name}: is a directory, not a recording")
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"{name}: {error.strerror}") from error


def _parquet_blocks(recording: Recording) -> Iterator[Block]:
    try:
        # An extra, and slow to import: only who reads Parquet pays for it.
        from stream.recordings.parquet import parquet_lines  # noqa: PLC0415
    except ImportError as error:
        message = f"{recording.name}: Parquet needs pyarrow: pip install 'gauger[parquet]'"
        raise RecordingError(message) from error
    for first, lines in parquet_lines(recording.name):
        yield Block(first, lines)
    recording.position = recording.size or 0


def _format(head: bytes, name: str) -> str:
    if head[1:4] == _SKIPPABLE_FRAME and head[:1] >= b"\x50" and head[:1] <= b"\x5f":
        return "zstd"
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if 0 < len(head) < len(_PARQUET):
        return _SUFFIXES.get(Path(name).suffix, "plain")
    return "plain"


def _blocks(chunks: Iterator[bytes], recording: Recording) -> Iterator[Block]:
    number = 1
    tail = b""
    skipping = False
    for index, chunk in enumerate(chunks):
        fresh = chunk.removeprefix(_BOM) if index == 0 else chunk
        if skipping:
            end = fresh.find(b"\n")
            if end < 0:
                continue
            fresh, skipping, number = fresh[end + 1 :], False, number + 1
        *lines, tail = (tail + fresh).split(b"\n")
        yield from _numbered(number, lines)
        number += len(lines)
        if len(tail) > MAX_LINE:
            yield Block(number, [tail[:_KEPT_OF_A_LONG_LINE]], oversized=True)
            tail, skipping = b"", True
    if tail.strip() and recording.truncated is None and not _is_json(tail):
        recording.truncated = f"line {number} breaks off without a newline"
    yield from _numbered(number, [tail])


def _numbered(number: int, lines: list[bytes]) -> Iterator[Block]:
    """Blocks of the lines; only the first can be too long, as a chunk is no longer than a line."""
    if lines and len(lines[0]) > MAX_LINE:
        yield Block(number, [lines[0][:_KEPT_OF_A_LONG_LINE]], oversized=True)
        lines, number = lines[1:], number + 1
    for start in range(0, len(lines), BLOCK_LINES):
        part = lines[start : start + BLOCK_LINES]
        if all(map(bytes.strip, part)):
            yield Block(number + start, part)
        else:
            yield from _runs(number + start, part)


def _runs(number: int, lines: list[bytes]) -> Iterator[Block]:
    """The runs of lines between blank ones: within a block the numbers have no gap."""
    run: list[bytes] = []
    for index, line in enumerate([*lines, b""]):
        if line.strip():
            run.append(line)
        elif run:
            yield Block(number + index - len(run), run)
            run = []


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
