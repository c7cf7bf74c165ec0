from __future__ import annotations

import contextlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.codec import decode_alert, encode
from stream.errors import FailedRun
from stream.library import Detector, recorded
from stream.replay import local
from tests.stream.traffic import SETTINGS, line, open_run, play, recording, scored

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings and score of the synthetic recordings, and a folder of one's own."""
    monkeypatch.setattr(local, "shipped", scored)
    monkeypatch.chdir(tmp_path)
    for section in ("epoch", "budget", "learning"):
        options = getattr(SETTINGS, section)
        for name in options.__slots__:
            variable = f"GAUGER_{section}__{name}".upper()
            monkeypatch.setenv(variable, str(getattr(options, name)))


def readme_block() -> str:
    [block] = [
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "stream.library" in block
    ]
    return str(block)


def test_what_the_readme_says_prints_what_a_replay_finds(tmp_path: Path) -> None:
    lines = recording(accounts=130, requests=4)
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "events.jsonl.zst").write_bytes(b"\n".join(lines) + b"\n")
    facts = [line(account="user-3", time=1, plan="enterprise")]
    (examples / "facts.jsonl").write_bytes(b"\n".join(facts) + b"\n")
    run = open_run()
    run.add_facts(facts)
    heard = play(run, lines)
    out, names = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(out), pytest.warns(UserWarning, match="GAUGER_KEY_FILE"):
        exec(compile(readme_block(), "README.md", "exec"), names)
    last = names["last"]
    assert [encode(score) for score in [*names["scores"], *last.scores]] == heard.scores
    alerts = [decode_alert(one) for one in heard.alerts]
    told = out.getvalue().splitlines()
    assert told
    assert [encode(alert) for alert in last.alerts] == heard.alerts[len(told) :]
    assert told == [
        f"{alert.time} {alert.severity} {alert.title} {alert.accounts}"
        for alert in alerts[: len(told)]
    ]


@pytest.mark.filterwarnings("ignore:GAUGER_KEY_FILE")
def test_dicts_do_as_well_as_lines() -> None:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    detector = Detector()
    request = {"id": "r", "time": moment, "account": "a"}
    refused = detector.add([request, {"id": "?"}]).dead_letters
    refused += detector.add([orjson.dumps(request), b"?"]).dead_letters
    assert [letter.offset for letter in refused] == [1, 3]
    assert not detector.add_facts([{"account": "a", "time": moment, "plan": "pro"}])
    assert detector.add_feedback([{"verdict": "dismiss"}])
    detector.close()
    assert (detector.counters.events, detector.counters.duplicates) == (1, 1)


def test_a_recording_that_breaks_off_is_told_after_what_is_readable(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b'{"a":1}\n{"b"')
    blocks = recorded(tmp_path / "in")
    assert next(blocks) == [b'{"a":1}']
    with pytest.raises(FailedRun, match="breaks off"):
        list(blocks)
