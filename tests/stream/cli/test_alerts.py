from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.alert import AlertEvent
from schemas.codec import encode
from stream.cli import main
from tests.models.alerts import alert

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)


def write(path: str, events: list[AlertEvent]) -> list[str]:
    """The lines of a new file."""
    lines = [encode(event).decode() for event in events]
    Path(path).write_text("".join(line + "\n" for line in lines))
    return lines


EVENTS = [alert(f"f{row}", [f"a{row}"], at=60 * row) for row in range(3)]


def test_alerts_of_a_file_are_shown_each_once(capfd: Captured) -> None:
    lines = write("alerts", [*EVENTS, EVENTS[0]])
    assert main(["alerts", "--from", "alerts"]) == 0
    assert capfd.readouterr().out.splitlines() == lines[:3]


@pytest.mark.parametrize("since", ["60", "60.0", "1970-01-01T01:01:00+01:00"])
def test_earlier_alerts_are_left_out(since: str, capfd: Captured) -> None:
    lines = write("alerts", EVENTS)
    assert main(["alerts", "--from", "alerts", "--since", since]) == 0
    assert capfd.readouterr().out.splitlines() == lines[1:]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "carrier-pigeon"], "unknown alert format carrier-pigeon; known: asim, cef"),
        (["--since", "yesterday"], "--since is yesterday: time is not RFC 3339"),
        (["--since", "-1"], "--since is -1: time is outside"),
        (["--follow"], "--follow waits at the end of the topic"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str, capfd: Captured) -> None:
    write("alerts", EVENTS)
    assert main(["alerts", "--from", "alerts", *arguments]) == 2
    shown = capfd.readouterr()
    assert told in shown.err
    assert shown.out == ""


def test_a_line_that_is_no_alert_fails_after_those_before_it(capfd: Captured) -> None:
    write("alerts", EVENTS)
    with Path("alerts").open("a") as file:
        file.write("?\n")
    assert main(["alerts", "--from", "alerts"]) == 1
    shown = capfd.readouterr()
    assert shown.out.count("\n") == 3
    assert "alerts: line 4: not an alert event" in shown.err


def test_a_missing_broker_is_told_in_one_line(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGER_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["alerts"]) == 1
    assert capfd.readouterr().err.count("\n") == 1
