"""A finished replay into the book: alerts, verdicts, facts, scores, features; then its traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import structlog

from models.judging.findings import in_order
from models.requests.ingestion import BatchBuilder
from schemas.codec import decode_facts, decode_feedback, decode_score
from schemas.errors import InvalidRecord
from schemas.formats import InputFormat
from stream.console.book import Book
from stream.errors import RecordingError, UsageError
from stream.recordings.blocks import Recording, share_read
from stream.recordings.files import read_alerts, read_lines

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a replay read and wrote.

    Attributes:
        alerts: Its alerts.
        events: The recordings it read.
        facts: Facts it was given.
        feedback: Verdicts it was given; the console adds to them.
        scores: Its scores.
        features: Its features of accounts, as Parquet.
    """

    alerts: str
    events: tuple[str, ...] = ()
    facts: str | None = None
    feedback: str | None = None
    scores: str | None = None
    features: str | None = None


def read_findings(book: Book, files: Files) -> None:
    """Read everything but traffic.

    Raises:
        RecordingError: A file cannot be opened, a recording of traffic included.
        UsageError: Features cannot be read here.
        FailedRun: One breaks off, or its lines are something else.
    """
    for name in files.events:
        # They are read later; that one is not there is told before anybody looks at the page.
        if not Path(name).exists():
            raise RecordingError(f"{name}: No such file or directory")
    for event in in_order(read_alerts(files.alerts)):
        book.add_alert(event)
    if files.feedback and Path(files.feedback).exists():
        _each(files.feedback, lambda line: book.add_verdict(decode_feedback(line)))
    if files.facts:
        _each(files.facts, lambda line: book.add_facts(decode_facts(line)))
    if files.scores:
        _each(files.scores, lambda line: book.add_score(line, decode_score(line)))
    if files.features:
        _read_features(files.features, book)


def _read_features(name: str, book: Book) -> None:
    try:
        # An extra, and slow to import: only who has features pays for it.
        from stream.replay.feature_file import read_features  # noqa: PLC0415
    except ImportError as error:
        message = "features need pyarrow: pip install 'gauger[parquet]'"
        raise UsageError(message) from error
    for names, starts, rows in read_features(name):
        for account, start, row in zip(names, starts, rows, strict=True):
            book.add_ranked(account, start, row.tobytes())


def _each(path: str, take: Callable[[bytes], None]) -> None:
    """Take every line of a file; what is none of its kind is left out and told."""
    refused = 0
    for _, line in read_lines(path):
        try:
            take(line)
        except InvalidRecord:
            refused += 1
    if refused:
        _log.warning("lines_left_out", file=path, lines=refused)


def read_traffic(
    book: Book, files: Files, decode: InputFormat, builder: BatchBuilder, stop: Event
) -> None:
    """Read the recordings; the book says how far that has come.

    Raises:
        RecordingError: One cannot be opened.
    """
    for name, several in _batches(files.events, book, stop):
        decoded = decode(several)
        if decoded.events:
            book.add_batch(builder.build(decoded.events))
        if decoded.rejects:
            _log.warning("records_left_out", file=name, records=len(decoded.rejects))
    book.note_reading("")


def _batches(names: tuple[str, ...], book: Book, stop: Event) -> Iterator[tuple[str, list[bytes]]]:
    for number, name in enumerate(names):
        with Recording(name) as recording:
            for block in recording.blocks():
                if stop.is_set():
                    return
                share = share_read([recording])
                done = number if share is None else number + share
                book.note_reading(f"{done / len(names):.0%}")
                if not block.oversized:
                    yield name, block.lines
            if recording.truncated:
                _log.warning("recording_truncated", file=name, reason=recording.truncated)
