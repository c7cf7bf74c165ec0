"""The audit log: who decided what, when and why; a line each, on disk before it takes effect."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from schemas.codec import encode
from stream.errors import FailedRun, RecordingError


class AuditRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.

    Attributes:
        time: When, on the clock of the wall.
        action: `sign-in`, `sign-in-refused`, `sign-out`, `decided`, `written`, `not-written`,
            `refused` or `exported`.
        who: Name of the person; empty where nobody is known.
        role: `viewer` or `analyst`.
        address: Where the connection came from.
        alert_id: The finding.
        verdict: `confirm`, `dismiss` or `suppress`.
        effective: Event time from which the verdict holds.
        reason: Why.
        scope: Of a suppression.
        expires: Of a suppression.
        detail: What went wrong.
    """

    time: str
    action: str
    who: str = ""
    role: str = ""
    address: str = ""
    alert_id: str = ""
    verdict: str = ""
    effective: str = ""
    reason: str = ""
    scope: str = ""
    expires: str = ""
    detail: str = ""


class AuditLog:
    """A file that only grows; others than its owner cannot read it.

    Raises:
        RecordingError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error

    def write(self, record: AuditRecord) -> None:
        """Write a line; it is on disk when this returns.

        Raises:
            FailedRun: It is not.
        """
        line = encode(record) + b"\n"
        try:
            if os.write(self._file, line) != len(line):
                raise FailedRun(f"{self._path}: the disk is full")
            os.fsync(self._file)
        except OSError as error:
            raise FailedRun(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
