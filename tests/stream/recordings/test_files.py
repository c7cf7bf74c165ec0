from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codec import encode
from stream.errors import FailedRun, RecordingError
from stream.recordings.files import LineWriter, read_alerts, read_truth, replace_file
from tests.models.alerts import alert, names


def test_lines_are_visible_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    writer = LineWriter(str(path))
    writer.write([b"1", b"2"])
    assert path.read_bytes() == b"1\n2\n"
    writer.close()


def test_a_writer_replaces_or_appends_as_told(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for append, expected in ((False, b"1\n"), (True, b"1\n1\n"), (False, b"1\n")):
        writer = LineWriter(str(path), append=append)
        writer.write([b"1"])
        writer.close()
        assert path.read_bytes() == expected


def test_a_file_that_cannot_be_written_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"absent.out\.jsonl: No such file"):
        LineWriter(str(tmp_path / "absent" / "out.jsonl"))


def test_replacing_leaves_nothing_but_the_new_content(tmp_path: Path) -> None:
    path = tmp_path / "state"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_alerts_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    events = [alert("x", names("a", 3), at=60), alert("y", names("b", 3), at=60)]
    writer = LineWriter(str(path))
    writer.write_records(events)
    writer.close()
    assert list(read_alerts(str(path))) == events


def test_a_line_that_is_no_alert_is_told_by_number(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(encode(alert("x", ["a"], at=60)) + b'\n\n{"alert_id":"x"}\n')
    with pytest.raises(FailedRun, match=r"alerts\.jsonl: line 3: not an alert event"):
        list(read_alerts(str(path)))


def test_a_truth_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_bytes(b'{"campaigns":[]}')
    with pytest.raises(FailedRun, match=r"truth\.json: not a truth: .*benign_requests"):
        read_truth(str(path))
    with pytest.raises(RecordingError, match="No such file"):
        read_truth(str(tmp_path / "absent.json"))
