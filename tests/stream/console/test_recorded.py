"""Files of a finished replay: what is none of their kind is left out, and all else is there."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from bench.scene import SMALL, alert_lines
from models.requests.ingestion import BatchBuilder
from schemas.codec import encode
from schemas.formats import input_format
from stream.console.book import Book
from stream.console.recorded import Files, read_findings, read_traffic
from stream.console.traffic import Traffic
from stream.errors import FailedRun, RecordingError
from tests.strategies import KEY
from tests.stream.console.desk import ALERT, book_of, scores


def written(path: Path, lines: list[bytes]) -> str:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


def read(book: Book, files: Files, stop: Event | None = None) -> None:
    builder = BatchBuilder(KEY)
    read_traffic(book, files, input_format("native", {}), builder, stop or Event())


def test_files_become_what_is_known(tmp_path: Path) -> None:
    lines = SMALL.lines()
    half = len(lines) // 2
    fact = b'{"account":"mule-0001","time":5,"status":"limited"}'
    said = b'{"alert_id":"%s","time":5,"verdict":"confirm"}' % ALERT.encode()
    files = Files(
        alerts=written(tmp_path / "alerts", alert_lines(SMALL, KEY)[::-1]),
        events=(
            written(tmp_path / "one", [*lines[:half], b'{"id": 7}']),
            written(tmp_path / "two", lines[half:]),
        ),
        facts=written(tmp_path / "facts", [fact, b"none"]),
        feedback=written(tmp_path / "feedback", [said, said, b"{}"]),
        scores=written(tmp_path / "scores", [*map(encode, scores()), b"{}"]),
    )
    book, whole = Book(Traffic()), book_of()
    read_findings(book, files)
    read(book, files)
    assert book.lives == {one: whole.lives[one] for one in book.lives}
    assert book.lives.keys() == whole.lives.keys()
    assert book.traffic.requests == len(lines)
    assert book.traffic.shown == whole.traffic.shown
    assert book.score("mule-0001") == whole.score("mule-0001")
    assert (book.facts["mule-0001"].status, len(book.verdicts[ALERT])) == ("limited", 1)
    assert book.reading == ""


def test_reading_ends_when_it_is_told_to(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    events = (written(tmp_path / "events", SMALL.lines()),)
    book = Book(Traffic())
    read(book, Files(alerts="", events=events), stop)
    assert book.traffic.requests == 0


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    book = Book(Traffic())
    with pytest.raises(RecordingError):
        read_findings(book, Files(alerts=str(tmp_path / "none")))
    with pytest.raises(FailedRun):
        read_findings(book, Files(alerts=written(tmp_path / "broken", [b"{}"])))
    with pytest.raises(RecordingError, match="none"):
        read_findings(book, Files(alerts="", events=(str(tmp_path / "none"),)))
    # Verdicts may come later.
    alerts = written(tmp_path / "alerts", alert_lines(SMALL, KEY))
    read_findings(book, Files(alerts=alerts, feedback=str(tmp_path / "none")))
    assert len(book.lives) == 3
