from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from schemas.alert import AlertEvent
from schemas.codec import decode_alert, encode
from stream.cli import main
from tests.models.alerts import alert
from tests.stream.collectors import Answer, Request, eventually, web_collector

ROOT = Path(__file__).resolve().parents[3]
CANARY = "canary-3f9a"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GAUGER_FORWARD__FIRST_WAIT_SECONDS", "0.01")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def write(events: list[AlertEvent], path: str = "alerts") -> list[bytes]:
    lines = [encode(event) for event in events]
    Path(path).write_bytes(b"".join(line + b"\n" for line in lines))
    return lines


EVENTS = [alert(f"f{row}", [f"a{row}"], at=60 * row) for row in range(4)]


def forward(*arguments: str) -> int:
    return main(["forward", "--from", "alerts", *arguments])


def test_alerts_of_a_file_go_to_a_file_each_once() -> None:
    lines = write([*EVENTS, EVENTS[0]])
    assert forward("--to", "file:out") == 0
    assert Path("out").read_bytes().splitlines() == lines[:-1]


def test_standard_output_is_a_sink_in_any_format(capfd: Captured) -> None:
    write(EVENTS)
    assert forward("--to", "-", "--format", "leef") == 0
    shown = capfd.readouterr().out.splitlines()
    assert len(shown) == len(EVENTS)
    assert all(line.startswith("LEEF:2.0|") for line in shown)


def test_every_sink_has_its_usual_format(capfd: Captured) -> None:
    write(EVENTS[:1])
    with web_collector() as collector:
        collector.answer = lambda _: Answer(body=b'{"code":0}')
        os.environ["GAUGER_FORWARD__TOKEN"] = CANARY
        try:
            assert forward("--to", f"hec+http://127.0.0.1:{collector.port}") == 0
        finally:
            del os.environ["GAUGER_FORWARD__TOKEN"]
        assert forward("--to", f"chat+http://127.0.0.1:{collector.port}/{CANARY}") == 0
        envelope, text = (orjson.loads(body) for body in collector.bodies)
    assert envelope["sourcetype"] == "gauger:alert"
    assert text["text"].startswith("[HIGH] ")
    assert CANARY not in "".join(capfd.readouterr())


def test_responses_go_out_by_account(capfd: Captured) -> None:
    write(EVENTS)
    assert forward("--to", "-", "--responses") == 0
    events = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(event["account"], event["action"]) for event in events] == [
        (f"a{row}", "hold") for row in range(4)
    ]


def test_what_is_refused_is_put_aside_and_can_be_sent_again(capfd: Captured) -> None:
    lines = write(EVENTS)

    def refuses_one(request: Request) -> Answer:
        return Answer(422, b"no such index") if b'"f2"' in request.body else Answer()

    with web_collector() as collector:
        collector.answer = refuses_one
        address = f"http://127.0.0.1:{collector.port}"
        assert forward("--to", address, "--dead-letters", "refused") == 1
    assert "1 of 4 alerts were put aside" in capfd.readouterr().err
    (letter,) = map(orjson.loads, Path("refused").read_bytes().splitlines())
    assert (letter["file"], letter["line"]) == ("alerts", 3)
    assert "no such index" in letter["reason"]
    assert letter["raw"].encode() == lines[2]


def test_without_a_place_for_refused_ones_the_first_ends_the_run(capfd: Captured) -> None:
    write(EVENTS)
    with Path("alerts").open("ab") as file:
        file.write(b"?\n")
    assert forward("--to", "file:out") == 1
    assert "line 5" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "where to?"),
        (["--to", "pigeon:home"], "there is no sink 'pigeon'"),
        (["--to", "file:"], "names no file"),
        (["--to", "-", "--format", "carrier"], "unknown alert format carrier"),
        (["--to", "-", "--format", "native", "--responses"], "cannot stand beside --responses"),
        (["--to", "kafka:gauger.requests"], "a topic of Gauger's own"),
        (["--to", "kafka:not a topic"], "no name of a topic"),
        (["--to", f"https://x:{CANARY}@host"], "holds a login"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str, capfd: Captured) -> None:
    write(EVENTS)
    assert forward(*arguments) == 2
    shown = capfd.readouterr()
    assert told in shown.err
    assert CANARY not in shown.err


def test_a_secret_is_shown_neither_when_it_works_nor_when_it_does_not(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(EVENTS[:1])
    monkeypatch.setenv("GAUGER_FORWARD__TOKEN", CANARY)
    monkeypatch.setenv("GAUGER_FORWARD__ATTEMPTS", "1")
    with web_collector() as collector:
        monkeypatch.setenv("GAUGER_FORWARD__TO", f"http://127.0.0.1:{collector.port}/{CANARY}")
        assert forward("--dead-letters", "refused") == 0
        collector.answer = lambda _: Answer(400)
        assert forward("--dead-letters", "refused") == 1
        assert collector.requests[0].headers["Authorization"] == f"Bearer {CANARY}"
    monkeypatch.setenv("GAUGER_FORWARD__TOKEN", f"{CANARY}\n{CANARY}")
    assert forward() == 2
    assert CANARY not in "".join(capfd.readouterr()) + Path("refused").read_text()


def running(*arguments: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "stream.cli", "forward", "--from", "alerts", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(program, env=environ, stderr=subprocess.DEVNULL)


def test_killed_in_the_middle_every_alert_arrives_whole_at_the_second_try() -> None:
    sent = [alert(f"f{row}", [f"a{row}"], at=row) for row in range(120)]
    write(sent)
    held = True

    def slow_after_a_while(_: Request) -> Answer:
        if held and len(collector.requests) > 30:
            time.sleep(0.05)
        return Answer()

    with web_collector() as collector:
        collector.answer = slow_after_a_while
        address = f"http://127.0.0.1:{collector.port}"
        first = running("--to", address)
        assert eventually(lambda: len(collector.requests) > 35)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(collector.requests)
        assert before < len(sent)
        held = False
        assert running("--to", address).wait(120) == 0
        found = [decode_alert(body) for body in collector.bodies]
    assert {event.event_id for event in found} == {event.event_id for event in sent}
    assert found[before:] == sent


def test_a_file_that_a_killed_process_left_torn_holds_whole_lines_after_the_next(
    tmp_path: Path,
) -> None:
    lines = write(EVENTS)
    assert forward("--to", "file:out") == 0
    (tmp_path / "out").write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[2][:50])
    assert forward("--to", "file:out") == 0
    assert Path("out").read_bytes().splitlines() == [*lines[:2], *lines]


def test_sigterm_ends_a_run_whose_sink_is_away() -> None:
    write(EVENTS)
    with web_collector() as collector:
        collector.answer = lambda _: Answer(503)
        waiting = running("--to", f"http://127.0.0.1:{collector.port}")
        assert eventually(lambda: len(collector.requests) > 2)
        waiting.send_signal(signal.SIGTERM)
        assert waiting.wait(60) == 0
