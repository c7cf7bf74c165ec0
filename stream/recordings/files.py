"""Small files whole, and files that a reader may look into while they are being written."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import orjson

from schemas.alert import AlertEvent
from schemas.codec import decode_alert, decode_truth, encode
from schemas.deadletter import DeadLetter
from schemas.errors import InvalidRecord
from schemas.truth import Truth
from stream.errors import FailedRun, RecordingError
from stream.recordings.blocks import Recording


class LineWriter:
    """JSON lines, visible to other readers only as whole lines.

    Args:
        path: File to write; `-` is standard output.
        append: Go on at the end of an existing file instead of replacing it.

    Raises:
        RecordingError: The file cannot be written.
    """

    def __init__(self, path: str, *, append: bool = False) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
        try:
            self._file = 1 if path == "-" else os.open(path, flags, 0o666)
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error

    def write(self, lines: Iterable[bytes]) -> None:
        """Write lines, all at once so that no reader sees half a line.

        Raises:
            FailedRun: The disk is full or the reader of a pipe has gone.
        """
        data = memoryview(b"".join(line + b"\n" for line in lines))
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise FailedRun(f"{self.path}: {error.strerror}") from error

    def write_records(self, records: Iterable[msgspec.Struct]) -> None:
        """Write records, one line each."""
        self.write(encode(record) for record in records)

    def close(self) -> None:
        """Close the file; standard output stays open."""
        if self.path != "-":
            os.close(self._file)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that after a crash the old or the new content is there, never a part.

    Raises:
        FailedRun: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FailedRun(f"{path}: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Make names of files durable: a file's own content is not enough."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_lines(path: str) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of a JSON lines file, compressed or not.

    Raises:
        RecordingError: It cannot be opened.
        FailedRun: It breaks off, or a line is too long; after all that is readable.
    """
    with Recording(path) as recording:
        for block in recording.blocks():
            if block.oversized:
                raise FailedRun(f"{path}: line {block.first_line} is too long")
            yield from enumerate(block.lines, block.first_line)
        if recording.truncated:
            raise FailedRun(f"{path}: {recording.truncated}")


def read_alerts(path: str) -> Iterator[AlertEvent]:
    """Alert events of a file.

    Raises:
        RecordingError: It cannot be opened.
        FailedRun: It breaks off, or a line is no alert event.
    """
    for number, line in read_lines(path):
        try:
            yield decode_alert(line)
        except InvalidRecord as error:
            raise FailedRun(f"{path}: line {number}: not an alert event: {error}") from error


def read_truth(path: str) -> Truth:
    """The truth of some traffic.

    Raises:
        RecordingError: It cannot be read.
        FailedRun: It is no truth.
    """
    try:
        return decode_truth(Path(path).read_bytes())
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error
    except InvalidRecord as error:
        raise FailedRun(f"{path}: not a truth: {error}") from error


def dead_letter_line(letter: DeadLetter) -> bytes:
    """A refused line as JSON: file, line number, reason, field, and the raw line.

    `raw` is the line itself when it is UTF-8, else its base64; `encoding` says which.
    """
    try:
        raw, encoding = letter.raw.decode(), "text"
    except UnicodeDecodeError:
        raw, encoding = base64.b64encode(letter.raw).decode(), "base64"
    return orjson.dumps(
        {
            "file": letter.topic,
            "line": letter.offset,
            "reason": letter.reason,
            "field": letter.field,
            "encoding": encoding,
            "raw": raw,
        }
    )
