"""The port of a process that tells of itself, asked over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from stream.errors import FailedRun
from stream.monitoring.health import Pulse
from stream.monitoring.options import MetricsOptions
from stream.monitoring.server import monitored
from stream.settings import SettingsError


class Process:
    """A process whose state a test sets."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.missing: list[str] = []

    def faults(self) -> list[str]:
        return self.wrong

    def waits(self) -> list[str]:
        return self.missing

    def exposition(self) -> bytes:
        return b"gauger_ready 1.0\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def served(process: Process, **chosen: Any) -> Iterator[str]:
    port = free_port()
    with monitored(MetricsOptions(port=port, **chosen), process):
        yield f"http://127.0.0.1:{port}"


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urlopen(Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_and_readiness_say_why_not() -> None:
    process = Process()
    with served(process) as url:
        assert get(f"{url}/healthz") == (200, "ok\n")
        assert get(f"{url}/readyz") == (200, "ready\n")
        process.missing = ["state is being read"]
        assert get(f"{url}/healthz")[0] == 200
        assert get(f"{url}/readyz") == (503, "state is being read\n")
        process.wrong = ["stages stand still for 99 s"]
        assert get(f"{url}/healthz") == (503, "stages stand still for 99 s\n")
        assert get(f"{url}/readyz")[0] == 503
        assert get(f"{url}/metrics") == (200, "gauger_ready 1.0\n")


def test_metrics_are_for_those_with_a_token_and_health_is_for_anybody(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"prometheus {sha256(b'good').hexdigest()}\n", "utf-8")
    with served(Process(), tokens_file=str(tokens)) as url:
        assert get(f"{url}/metrics")[0] == 401
        assert get(f"{url}/metrics", Authorization="Bearer bad")[0] == 401
        assert get(f"{url}/metrics", Authorization="Bearer good")[0] == 200
        assert get(f"{url}/healthz")[0] == 200


def test_nothing_is_served_after_the_end_nor_without_a_port() -> None:
    with served(Process()) as url:
        pass
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{url}/healthz")
    with monitored(MetricsOptions(host="192.0.2.1"), Process()):
        pass


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(FailedRun, match=f"cannot listen on 127.0.0.1, port {port}"),
            monitored(MetricsOptions(port=port), Process()),
        ):
            raise AssertionError


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"host": "0.0.0.0"}, "metrics.host: 0.0.0.0 can be reached by others: set tokens_file"),
        ({"host": "0.0.0.0", "tokens_file": "t"}, "needs certificate_file, or plain = true"),
        ({"tokens_file": "absent"}, "metrics.tokens_file: cannot read absent"),
        ({"certificate_file": "absent"}, "metrics.certificate_file: "),
    ],
)
def test_what_cannot_be_used_is_told_before_anybody_listens(
    chosen: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = MetricsOptions(port=1, **chosen)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=told), monitored(options, Process()):
        raise AssertionError


def test_whatever_stands_still_longer_than_is_usual_is_told() -> None:
    moment = 100.0
    pulse = Pulse(60.0, lambda: moment)
    moment += 60
    assert pulse.faults("stages") == []
    moment += 2
    assert pulse.faults("stages") == ["stages stand still for 62 s"]
    pulse.beat(ahead=30)
    moment += 89
    assert pulse.faults("stages") == []
    moment += 2
    assert pulse.faults("stages")
