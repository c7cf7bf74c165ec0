from __future__ import annotations

from pathlib import Path

import zstandard

from models.judging.judgement import Traffic
from schemas.codec import encode
from schemas.truth import Truth
from stream.findings.evaluation import evaluate, measure
from tests.models.alerts import alert, campaign, names


def _events(path: Path, times: list[str]) -> str:
    lines = (f'{{"id":"{row}","account":"a","time":{time}}}\n' for row, time in enumerate(times))
    path.write_bytes(zstandard.compress("".join(lines).encode()))
    return str(path)


def test_traffic_is_measured_over_all_recordings(tmp_path: Path) -> None:
    one = _events(tmp_path / "one.zst", ["60", '"1970-01-01T00:00:30Z"', '"yesterday"'])
    two = _events(tmp_path / "two.zst", ["90.5"])
    assert measure([one, two]) == (Traffic(3, 30_000_000, 90_500_000), [])


def test_a_recording_that_breaks_off_is_used_and_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"time":5}\n{"time":7}\n{"ti')
    traffic, truncated = measure([str(path)])
    assert traffic.requests == 2
    assert truncated == [f"{path}: line 3 breaks off without a newline"]


def test_files_of_a_run_are_judged_together(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.zst", ["0", "86400"])
    alerts, truth = tmp_path / "alerts.jsonl", tmp_path / "truth.json"
    alerts.write_bytes(encode(alert("x", names("a", 3), at=61)) + b"\n")
    truth.write_bytes(encode(Truth([campaign("c", names("a", 4), [(1, 1), (2, 3)])], 0)))
    judgement, truncated = evaluate(str(alerts), str(truth), [events])
    assert truncated == []
    assert judgement.found == 1
    assert judgement.campaigns[0].leaked == 0.25
    assert judgement.days == 1.0
