"""Standard output, a line a message: `-`."""

from __future__ import annotations

from collections.abc import Sequence

from stream.recordings.files import LineWriter
from stream.settings import Settings
from stream.sinks import Message

SCHEMES = ("-",)
FORMAT = "native"


class StdoutSink:
    """Lines on standard output; a reader who is gone ends the run."""

    most = 1_000

    def __init__(self) -> None:
        self._out = LineWriter("-")

    def send(self, messages: Sequence[Message]) -> None:
        """Write whole lines.

        Raises:
            FailedRun: Nobody reads them.
        """
        self._out.write(message.body for message in messages)

    def close(self) -> None:
        """Standard output stays open."""


def open_sink(_scheme: str, _address: str, _settings: Settings) -> StdoutSink:
    """Standard output."""
    return StdoutSink()
