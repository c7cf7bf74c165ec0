from __future__ import annotations

import os
from pathlib import Path

import pytest

from stream.broker.publish import Published, summary_lines
from stream.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GAUGER_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    Path("events").write_bytes(b'{"id":"r","time":1,"account":"a"}\n')


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent"], "absent: No such file"),
        (["events", "./events"], "events: is read twice"),
        (["events", "--facts", "events"], "events: is read twice"),
        (["events", "--feedback", "f", "--feedback", "f"], "f: is read twice"),
        (["events", "--speed", "fast"], "--speed is fast: must be max or a number above 0"),
        (["events", "--speed", "0"], "--speed is 0"),
        (["events", "--speed", "nan"], "--speed is nan"),
        (["events", "--speed", "inf"], "--speed is inf"),
    ],
)
def test_wrong_usage_is_told_before_any_broker_is_asked(
    arguments: list[str], told: str, capsys: Captured
) -> None:
    assert main(["publish", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_missing_broker_is_told_in_one_line(capsys: Captured) -> None:
    assert main(["publish", "events"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "no broker listens at 127.0.0.1:1" in told


def published(**changes: object) -> list[str]:
    plain: dict[str, object] = {
        "ending": "done",
        "topic": "gauger.requests",
        "partitions": 6,
        "lines": 12_000,
        "bad": 0,
        "marks": 60,
        "facts": 0,
        "bad_facts": 0,
        "feedback": 0,
        "bad_feedback": 0,
        "last_time": "2026-09-07T00:01:00.000000Z",
        "truncated": [],
        "seconds": 0.1,
        "lines_per_second": 120_000.0,
    }
    return list(summary_lines(Published(**{**plain, **changes})))  # type: ignore[arg-type]


def test_a_person_reads_what_went_where_and_how_fast() -> None:
    (line,) = published()
    place = "12,000 lines to gauger.requests (6 partitions)"
    assert line == f"{place} in 0.1 s (120,000/s) up to 2026-09-07 00:01Z"


def test_only_what_is_out_of_the_ordinary_is_added() -> None:
    lines = published(
        ending="interrupted",
        bad=3,
        facts=20,
        bad_facts=1,
        feedback=1,
        bad_feedback=2,
        last_time=None,
        partitions=1,
    )
    assert lines == [
        "Interrupted: what follows was published so far.",
        "12,000 lines to gauger.requests (1 partition) in 0.1 s (120,000/s)",
        "3 of them have no readable account and time",
        "20 facts, 1 bad line left out",
        "1 verdict, 2 bad lines left out",
    ]
