"""A file, a line a message: `file:PATH`. It may be rotated at any time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stream.errors import UsageError
from stream.recordings.files import sync_folder
from stream.settings import Settings
from stream.sinks import Message, SinkUnavailable

SCHEMES = ("file",)
FORMAT = "native"

_BLOCK = 65_536


class FileSink:
    """Whole lines at the end of a file, on the disk when `send` returns.

    A file that was moved away (logrotate) is followed by a new one under the name. What a process
    that died had written of a line is cut off before the next line is written: that line was not
    acknowledged, and comes again. A file has one writer, which holds its lock.

    Args:
        path: The file; created if it is not there.
    """

    most = 1_000

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def send(self, messages: Sequence[Message]) -> None:
        """Append lines.

        Raises:
            SinkUnavailable: The file cannot be written, or another process writes it.
        """
        lines = b"".join(message.body + b"\n" for message in messages)
        try:
            if self._file is None or self._moved(self._file):
                self._open()
            assert self._file is not None
            _append(self._file, lines)
        except OSError as error:
            raise SinkUnavailable(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _moved(self, file: int) -> bool:
        try:
            return not os.path.samestat(Path(self._path).stat(), os.fstat(file))
        except FileNotFoundError:
            return True

    def _open(self) -> None:
        self.close()
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if stat.S_ISREG(os.fstat(file).st_mode):
                _cut_torn_line(file)
                sync_folder(Path(self._path).parent)
        except BlockingIOError:
            os.close(file)
            raise SinkUnavailable(f"{self._path}: another process writes it") from None
        except OSError:
            os.close(file)
            raise
        self._file = file


def open_sink(_scheme: str, address: str, _settings: Settings) -> FileSink:
    """A file; `file:///PATH` is as good as `file:/PATH`.

    Raises:
        UsageError: No file is named.
    """
    path = address.removeprefix("//") if address.startswith("///") else address
    if not path:
        raise UsageError("file: names no file, as in file:alerts.jsonl")
    return FileSink(path)


def _append(file: int, lines: bytes) -> None:
    """Write all of it or nothing."""
    before = os.fstat(file)
    try:
        left = memoryview(lines)
        while left:
            left = left[os.write(file, left) :]
        if stat.S_ISREG(before.st_mode):
            os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, before.st_size)
        raise


def _cut_torn_line(file: int) -> None:
    """Cut off what follows the last line break."""
    size = end = os.fstat(file).st_size
    while end:
        begin = max(0, end - _BLOCK)
        found = os.pread(file, end - begin, begin).rfind(b"\n")
        end = begin if found < 0 else begin + found + 1
        if found >= 0:
            break
    if end < size:
        os.ftruncate(file, end)
