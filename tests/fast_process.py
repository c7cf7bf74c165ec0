"""Asks `tests.fast_gauger` for a command; standard library alone, so that it is quick to start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class FastProcess:
    """A command that runs in a process of its own, and as much of `Popen` as tests ask of one.

    Args:
        server: The socket of `tests.fast_gauger`.
        words: The command line without the program's name.
        folder: Where it runs.
        descriptors: Its standard input, output and error.

    Attributes:
        pid: Its process id.
    """

    def __init__(
        self, server: Path, words: Sequence[str], folder: Path, descriptors: Sequence[int]
    ) -> None:
        self._words = list(words)
        self._status: int | None = None
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(str(server))
        task = {"words": self._words, "folder": str(folder), "environ": dict(os.environ)}
        data = json.dumps(task).encode()
        socket.send_fds(self._link, [len(data).to_bytes(4, "big")], list(descriptors))
        self._link.sendall(data)
        self.pid = int.from_bytes(self._link.recv(4, socket.MSG_WAITALL), "big")

    def poll(self) -> int | None:
        """Its exit status; None while it runs, negative where a signal has ended it."""
        return self._ended(0.0)

    def wait(self, seconds: float | None = None) -> int:
        """Its exit status, once it has ended.

        Raises:
            TimeoutExpired: It has not by then.
        """
        status = self._ended(seconds)
        if status is None:
            raise subprocess.TimeoutExpired(self._words, seconds or 0.0)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> int | None:
        if self._status is None:
            self._link.settimeout(seconds)
            try:
                said = self._link.recv(1)
            except (BlockingIOError, TimeoutError):
                return None
            self._link.close()
            # Whoever was killed says nothing any more.
            self._status = said[0] if said else -signal.SIGKILL
        return self._status
