"""Where alerts go that the sink refuses: as they came, with the reason."""

from __future__ import annotations

from typing import Protocol

from schemas.deadletter import DeadLetter
from stream.broker.follow import Record
from stream.errors import FailedRun
from stream.recordings.files import dead_letter_line
from stream.sinks import Message
from stream.sinks.file import FileSink
from stream.sinks.kafka import TopicRecord, TopicSink


class Refused(Protocol):
    """Takes what cannot be sent."""

    def put(self, record: Record, reason: str, field: str | None) -> None:
        """Keep a record.

        Raises:
            SinkUnavailable: It cannot be kept now.
            FailedRun: Nothing is kept here.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class RefusedFile:
    """A file of dead letters, a line each.

    Args:
        path: The file; appended to.
        source: The topic or file that the records come from.
    """

    def __init__(self, path: str, source: str) -> None:
        self._file = FileSink(path)
        self._source = source

    def put(self, record: Record, reason: str, field: str | None) -> None:
        """Append a line."""
        line = dead_letter_line(_letter(self._source, record, reason, field))
        self._file.send([Message("", line)])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RefusedTopic:
    """The topic of dead letters.

    Args:
        sink: The topic.
        source: The topic that the records come from.
    """

    def __init__(self, sink: TopicSink, source: str) -> None:
        self._sink = sink
        self._source = source

    def put(self, record: Record, reason: str, field: str | None) -> None:
        """Produce a record with its headers."""
        letter = _letter(self._source, record, reason, field)
        self._sink.produce([TopicRecord(None, record.value, letter.headers())])

    def close(self) -> None:
        """Leave the brokers."""
        self._sink.close()


class RefusedNowhere:
    """For a file without a place for what is refused: it is still in the file."""

    def put(self, record: Record, reason: str, field: str | None) -> None:
        """Fail.

        Raises:
            FailedRun: Always.
        """
        where = f" in {field}" if field else ""
        text = f"line {record.offset}: {reason}{where}"
        raise FailedRun(f"{text}; with --dead-letters FILE it would be put aside")

    def close(self) -> None:
        """Nothing is held."""


def _letter(source: str, record: Record, reason: str, field: str | None) -> DeadLetter:
    return DeadLetter(record.value, source, record.partition, record.offset, reason, field)
