"""`gauger console`: what it does not start with; what it does, tests/stream/console says."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codec import encode
from stream.cli import main
from tests.models.alerts import alert


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("alerts").write_bytes(encode(alert("f", ["a"], at=60)) + b"\n")


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (["--events", "traffic"], "name its --alerts too", 2),
        (["--alerts", "-"], "not stdin", 2),
        (["--alerts", "alerts", "--feedback", "no/such/folder"], "no such folder", 2),
        (["--alerts", "alerts", "--input-format", "unheard"], "unknown input format", 2),
        (["--alerts", "no-such-file"], "no-such-file", 2),
        (["--alerts", "alerts", "--host", "0.0.0.0"], "set tokens_file or user_header", 2),
        (["--alerts", "broken"], "not an alert event", 1),
        (["--alerts", "alerts", "--events", "no-such-file"], "no-such-file", 2),
    ],
)
def test_what_it_cannot_start_with_is_told(
    capfd: pytest.CaptureFixture[str], arguments: list[str], told: str, status: int
) -> None:
    Path("broken").write_bytes(b"{}\n")
    assert main(["console", "--port", "0", *arguments]) == status
    assert told in capfd.readouterr().err


def test_a_file_of_tokens_that_cannot_be_used_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGER_CONSOLE__TOKENS_FILE", "tokens")
    Path("tokens").write_text(f"ada {'0' * 64} owner\n")
    assert main(["console", "--alerts", "alerts"]) == 2
    assert "console.tokens_file" in capfd.readouterr().err
