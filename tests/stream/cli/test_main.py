from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import orjson
import pytest

from schemas.codec import encode
from schemas.truth import Truth
from stream.cli import main
from tests.models.alerts import alert, campaign, names

VERBS = (
    *("replay", "publish", "warm", "alerts", "explain", "who", "accounts", "forget"),
    *("simulate", "evaluate", "compare", "doctor"),
)
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "import sys; from stream.cli import main; sys.exit(main())"

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)


def _events(path: str, *lines: bytes) -> str:
    good = (
        orjson.dumps({"id": str(row), "time": 1.7e9 + row, "account": f"a{row % 7}"})
        for row in range(20)
    )
    Path(path).write_bytes(b"\n".join([*good, *lines]) + b"\n")
    return path


def _alerts(path: str, *events: tuple[str, list[str]]) -> str:
    lines = (encode(alert(name, accounts, at=90)) for name, accounts in events)
    Path(path).write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def test_help_names_every_verb_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from stream.cli import main; status = main(['--help']);"
        "heavy = {'numba', 'numpy', 'river', 'pyarrow', 'rich', 'msgspec', 'structlog'};"
        "print(sorted(heavy & set(sys.modules))); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: Captured) -> None:
    assert main([verb, "--help"]) == 0
    assert f"Usage: gauger {verb}" in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution(capsys: Captured) -> None:
    if not list(metadata.distributions(name="gauger")):
        pytest.skip("gauger is not installed")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gauger {metadata.version('gauger')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["replay"],
        ["replay", "absent.jsonl"],
        ["replay", "."],
        ["replay", "events", "--speed", "3"],
        ["replay", "events", "--max-bad-share", "2"],
        ["replay", "events", "--input-format", "morse"],
        ["replay", "events", "--alerts", "events"],
        ["replay", "events", "--alerts", "-", "--json"],
        ["replay", "events", "--config", "absent.toml"],
        ["--config", "absent.toml", "replay", "events"],
        ["simulate", "nonsense", "--seed", "1", "--out", "out"],
        ["simulate", "absent.toml", "--seed", "1", "--out", "out"],
        ["simulate", "demo", "--seed", "1", "--out", "out", "--prompts", "absent"],
        ["evaluate", "--alerts", "absent", "--truth", "absent", "--events", "events"],
        ["compare", "events"],
        ["doctor", "absent.jsonl"],
    ],
)
def test_wrong_usage_is_told_on_stderr_with_status_2(
    arguments: list[str], capsys: Captured
) -> None:
    content = Path(_events("events")).read_bytes()
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err
    assert "Traceback" not in told.err
    assert Path("events").read_bytes() == content


def test_all_settings_at_fault_are_told_at_once(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("gauger.toml").write_text("[epoch]\nseconds = 0\n", encoding="utf-8")
    monkeypatch.setenv("GAUGER_LEARNING__HOURS", "-1")
    assert main(["replay", _events("events")]) == 2
    told = capsys.readouterr().err
    assert "gauger: epoch.seconds:" in told
    assert "gauger: learning.hours:" in told


def test_a_replay_sums_up_on_stdout_and_warns_on_stderr(capsys: Captured) -> None:
    assert main(["replay", _events("events"), "--dead-letters", "dead"]) == 0
    told = capsys.readouterr()
    assert "20 requests, 0 bad lines" in told.out
    assert "public demonstration key" in told.err
    assert Path("dead").read_bytes() == b""


def test_a_replay_tells_its_summary_as_one_json_object(capsys: Captured) -> None:
    assert main(["replay", _events("events", b"?"), "--json"]) == 0
    summary = orjson.loads(capsys.readouterr().out)
    assert (summary["ending"], summary["counts"]["bad"]) == ("done", 1)


def test_an_empty_file_is_fine(capsys: Captured) -> None:
    Path("empty").touch()
    assert main(["replay", "empty"]) == 0
    assert "0 findings" in capsys.readouterr().out


def test_a_truncated_file_is_used_and_fails_in_one_line(capsys: Captured) -> None:
    _events("events")
    Path("events").write_bytes(Path("events").read_bytes() + b'{"id":')
    assert main(["replay", "events"]) == 1
    told = capsys.readouterr()
    assert "20 requests, 1 bad line," in told.out
    assert told.err.splitlines()[-1] == "gauger: events: line 21 breaks off without a newline"


def test_too_many_bad_lines_fail(capsys: Captured) -> None:
    _events("events", b"?", b"?")
    assert main(["replay", "events", "--max-bad-share", "0.1"]) == 0
    assert main(["replay", "events", "--max-bad-share", "0.05"]) == 1
    assert "gauger: 2 of 22 lines are bad" in capsys.readouterr().err


def test_a_state_of_something_else_fails_in_one_line(capsys: Captured) -> None:
    Path("state").write_bytes(b"no state")
    assert main(["replay", _events("events"), "--state", "state"]) == 1
    assert "gauger: state: this state cannot be used" in capsys.readouterr().err


def test_an_interrupted_replay_ends_with_130_and_what_it_has() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "replay", "-", "--dead-letters", "dead"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    with process:
        process.stdin.write((b"?" * 1_000 + b"\n") * 6_000)
        process.stdin.flush()
        _wait_for(Path("dead"), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out.startswith(b"Interrupted: what follows was found so far.\n")


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if path.exists() and path.stat().st_size:
            return
        assert process.poll() is None
        time.sleep(0.1)
    raise AssertionError(f"{path} stays empty")


def test_evaluate_answers_in_json(capsys: Captured) -> None:
    _alerts("alerts", ("x", names("a", 3)))
    Path("truth").write_bytes(encode(Truth([campaign("c", names("a", 3))], 0)))
    arguments = [
        "evaluate",
        "--alerts",
        "alerts",
        "--truth",
        "truth",
        "--events",
        _events("events"),
    ]
    assert main(arguments) == 0
    pretty = capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    line = capsys.readouterr().out
    assert orjson.loads(pretty) == orjson.loads(line)
    assert line.count("\n") == 1
    assert orjson.loads(line)["found"] == 1


def test_compare_shows_what_differs(capsys: Captured) -> None:
    _alerts("a", ("x", names("a", 3)), ("only", names("b", 3)))
    _alerts("b", ("y", names("a", 4)))
    assert main(["compare", "a", "b"]) == 0
    told = capsys.readouterr().out
    assert "differ  high" in told
    assert "only in B: a3" in told
    assert "only A  high" in told
    assert "1 in both (0 the same), 1 only in A, 0 only in B" in told
    assert main(["compare", "a", "b", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["accounts_only_b"] == 1


def test_a_line_that_is_no_alert_fails_in_one_line(capsys: Captured) -> None:
    assert main(["compare", _events("events"), "events"]) == 1
    assert "gauger: events: line 1: not an alert event" in capsys.readouterr().err


def test_doctor_tells_what_traffic_cannot_show(capsys: Captured) -> None:
    assert main(["doctor", _events("events")]) == 0
    told = capsys.readouterr().out
    assert "WARN events: blind for shared payments: no payment; facts may bring it" in told
    assert "100.00%  account" in told
    assert main(["doctor", "events", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["recordings"]["events"]["requests"] == 20


def test_doctor_fails_where_settings_are_at_fault(capsys: Captured) -> None:
    Path("gauger.toml").write_text("[epoch]\nsecond = 1\n", encoding="utf-8")
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    assert "FAIL settings: epoch.second: unknown key" in told.out
    assert "gauger: settings: epoch.second: unknown key" in told.err


def test_simulated_traffic_is_the_same_for_the_same_seed(capsys: Captured) -> None:
    for folder in ("one", "two"):
        arguments = ["simulate", "quiet", "--seed", "5", "--scale", "0.002", "--out", folder]
        assert main([*arguments, "--json"]) == 0
    first, second = (orjson.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["events"] == second["events"] > 0
    for name in ("events.jsonl.zst", "facts.jsonl", "truth.json"):
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes()
