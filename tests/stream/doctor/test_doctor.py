from __future__ import annotations

from pathlib import Path

import zstandard

from stream.checks import Check
from stream.doctor.installation import diagnose


def _checks(name: str, checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.status, check.text) for check in checks if check.name == name]


def test_an_expired_allow_list_entry_is_told_with_its_owner(tmp_path: Path) -> None:
    config = tmp_path / "gauger.toml"
    config.write_text(
        '[[allow]]\nkind = "org"\nvalue = "o1"\nreason = "r"\nowner = "amy"\n'
        "expires = 2020-01-01T00:00:00Z\n",
        encoding="utf-8",
    )
    checks = diagnose(config, {}, []).checks
    assert _checks("settings", checks) == [("ok", str(config))]
    told = [("warning", "org o1 has expired on 2020-01-01; owner amy")]
    assert _checks("allow list", checks) == told


def test_a_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    key = tmp_path / "hash.key"
    key.write_bytes(b"k" * 32)
    environ = {"GAUGER_KEY_FILE": str(key)}
    key.chmod(0o644)
    assert [status for status, _ in _checks("key", diagnose(None, environ, []).checks)] == [
        "ok",
        "warning",
    ]
    key.chmod(0o600)
    assert [status for status, _ in _checks("key", diagnose(None, environ, []).checks)] == ["ok"]


def test_a_damaged_recording_is_a_problem_and_still_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "events.zst"
    lines = b'{"id":"1","time":"1999-01-01T00:00:00Z","account":"a","colour":1}\n?\n'
    path.write_bytes(zstandard.compress(lines) + zstandard.compress(b"{}\n")[:-4])
    diagnosis = diagnose(None, {}, [str(path)])
    told = _checks(str(path), diagnosis.checks)
    assert ("problem", "compressed data breaks off") in told
    assert ("warning", "1 request is from before 2015 (50.00%)") in told
    assert ("warning", "unknown fields are ignored: colour") in told
    assert diagnosis.recordings[str(path)].requests == 1


def test_a_recording_without_a_request_is_told(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    empty.touch()
    broken.write_bytes(b"?\n")
    checks = diagnose(None, {}, [str(empty), str(broken)]).checks
    assert _checks(str(empty), checks) == [("warning", "no request in 0 lines")]
    malformed = "malformed JSON: unexpected character, expected a JSON value"
    assert _checks(str(broken), checks) == [
        ("problem", "no request in 1 line"),
        ("warning", f"the first refusal: line 1: {malformed}"),
    ]


def test_the_first_refusal_is_told_with_its_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b'{"id":"1","time":1,"account":"a"}\n{"id":"2","time":2}\n?\n')
    told = [text for _, text in _checks(str(path), diagnose(None, {}, [str(path)]).checks)]
    assert [text for text in told if text.startswith("the first refusal: line 2: account")]


def test_the_broker_is_looked_at_where_one_is_spoken_of(tmp_path: Path) -> None:
    config = tmp_path / "gauger.toml"
    nobody = {"GAUGER_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    told = [
        (
            "problem",
            "no broker listens at 127.0.0.1:1: start the broker, or set kafka.bootstrap_servers",
        )
    ]
    assert _checks("broker", diagnose(None, {}, []).checks) == []
    assert _checks("broker", diagnose(None, nobody, []).checks) == told
    config.write_text("[epoch]\nseconds = 60\n", encoding="utf-8")
    assert _checks("broker", diagnose(config, {}, []).checks) == []
    config.write_text('[kafka]\nbootstrap_servers = "127.0.0.1:1"\n', encoding="utf-8")
    assert _checks("broker", diagnose(config, {}, []).checks) == told


def test_the_broker_waits_for_good_settings() -> None:
    environ = {"GAUGER_KAFKA__PARTITIONS": "none"}
    checks = diagnose(None, environ, [], broker=True).checks
    assert [status for status, _ in _checks("settings", checks)] == ["problem"]
    assert [status for status, _ in _checks("broker", checks)] == ["warning"]
