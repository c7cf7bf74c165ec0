"""Which exchanges of recorded traffic went to a finding."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import encode
from schemas.formats import input_format
from schemas.times import to_microseconds
from stream.cli import main
from stream.findings.tracing import Trace, trace
from tests.models.alerts import alert

LIFE = [alert("f", ["a", "=b"], at=600), alert("f", ["c"], at=900, sequence=1, total=3)]
BEGIN = min(to_microseconds(event.first_seen, "first_seen") for event in LIFE) // 1_000_000
Row = tuple[str, str, int]

rows = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2"]), st.sampled_from(["a", "c", "other"]), st.integers(0, 3)
    )
)


def recorded(path: Path, requests: list[Row]) -> str:
    """A recording of requests: id, account, seconds since the finding's activity began."""
    path.write_bytes(
        b"".join(
            json.dumps({"id": identity, "time": BEGIN + seconds, "account": account}).encode()
            + b"\n"
            for identity, account, seconds in requests
        )
    )
    return str(path)


def traced(*paths: str) -> Trace:
    return trace(LIFE, paths, input_format("native"))


def rows_of(found: Trace) -> list[Row]:
    return [
        (each.id, each.account, to_microseconds(each.time, "time") // 1_000_000 - BEGIN)
        for each in found.requests
    ]


@given(rows, rows)
def test_every_exchange_of_its_accounts_is_listed_once_whatever_the_order(
    first: list[Row], second: list[Row]
) -> None:
    with TemporaryDirectory() as folder:
        one, two = recorded(Path(folder, "one"), first), recorded(Path(folder, "two"), second)
        found = rows_of(traced(one, two))
        assert found == rows_of(traced(two, one))
    assert [row[2] for row in found] == sorted(row[2] for row in found)
    assert len(found) == len(set(found))
    assert set(found) == {row for row in first + second if row[1] != "other"}


def test_what_was_before_the_activity_is_left_out(tmp_path: Path) -> None:
    path = recorded(tmp_path / "events", [("r1", "a", -1), ("r2", "a", 0), ("r3", "=b", 10**6)])
    assert [each.id for each in traced(path).requests] == ["r2", "r3"]


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    path = Path(recorded(tmp_path / "events", [("r1", "a", 0)]))
    path.write_bytes(b"?\n" + path.read_bytes() + b'{"id":')
    found = traced(str(path))
    assert ([each.id for each in found.requests], found.refused) == (["r1"], 2)
    assert found.truncated == [f"{path}: line 3 breaks off without a newline"]


def test_the_program_lists_exchanges_for_people_and_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("alerts").write_bytes(b"".join(encode(event) + b"\n" for event in LIFE))
    path = recorded(tmp_path / "events", [("r\x1b1", "a", 0), ("r2", "other", 0), ("r3", "c", 5)])
    command = ["trace", "f", "--from", "alerts", "--events", path]
    assert main(command) == 0
    shown = capfd.readouterr()
    assert [line.split()[1:] for line in shown.out.splitlines()] == [["a", r"r\x1b1"], ["c", "r3"]]
    assert shown.err.startswith("2 requests since ")
    assert main([*command, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["alert_id"], [each["id"] for each in answer["requests"]]) == (
        "f",
        ["r\x1b1", "r3"],
    )


def test_wrong_uses_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "f", "--from", "-", "--events", "-"]) == 2
    assert "--from and --events cannot both be stdin" in capfd.readouterr().err
    assert main(["trace", "f", "--from", "-", "--events", "x", "--input-format", "no"]) == 2
    assert "unknown input format no" in capfd.readouterr().err
