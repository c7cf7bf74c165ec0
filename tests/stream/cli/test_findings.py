"""`gauger explain`, `who` and `accounts`, and indicators under a community's key."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from schemas.alert import AlertEvent, Entity, Evidence, TieRecord
from schemas.codec import encode
from schemas.score import ScoreRecord
from stream.cli import main
from tests.models.alerts import alert

Captured = pytest.CaptureFixture[str]
CLIENT = "sdk/1 \x1b[2J"
TIES = [
    TieRecord("network", "00ab", "192.0.2.0/24", 3),
    TieRecord("client", "00cd", CLIENT, 2),
    TieRecord("payment", "00ef", None, 2),
]
EVENTS = [
    msgspec.structs.replace(
        alert("f", ["a", "=b"], at=60),
        ties=TIES,
        evidence=[Evidence("gauger.sharing", 1.0, 0.5, 6.2, "accounts of unrelated owners")],
    ),
    alert("f", ["c"], at=120, sequence=1, total=3),
    alert("g", ["z"], at=180),
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)
    write("alerts", EVENTS)


def write(path: str, records: list[AlertEvent] | list[ScoreRecord]) -> None:
    Path(path).write_bytes(b"".join(encode(record) + b"\n" for record in records))


def told(capfd: Captured, *arguments: str) -> str:
    assert main([*arguments, "--from", "alerts"]) == 0
    return capfd.readouterr().out


def test_a_finding_is_explained_in_words(capfd: Captured) -> None:
    shown = told(capfd, "explain", "f")
    for part in ("3 accounts", "harvest is running", "192.0.2.0/24", "Exfiltration", "create"):
        assert part in shown
    assert "\x1b" not in shown
    assert "\\x1b[2J" in shown


def test_an_explanation_of_the_evidence_holds_lookalikes_and_a_runbook(capfd: Captured) -> None:
    write("alerts", EVENTS[:1])
    shown = told(capfd, "explain", "f")
    for part in ("accounts of unrelated owners", "6.20", "may be harmless:", "check:"):
        assert part in shown


def test_an_explanation_for_programs_holds_all(capfd: Captured) -> None:
    shown = json.loads(told(capfd, "explain", "f", "--json"))
    assert shown["accounts"] == ["a", "=b", "c"]
    assert len(shown["ties"]) == 4
    assert [step["activity"] for step in shown["life"]] == ["create", "update"]


@pytest.mark.parametrize("verb", ["explain", "accounts"])
def test_an_unknown_alert_is_told(verb: str, capfd: Captured) -> None:
    assert main([verb, "unheard", "--from", "alerts"]) == 1
    assert capfd.readouterr().err == (
        "gauger: no alert unheard: gauger alerts --from alerts shows which there are\n"
    )


@pytest.mark.parametrize(
    ("asked", "events", "told"),
    [
        ("1a", ["1a2b", "3c"], "did you mean 1a2b?"),
        ("1a", ["1a2b", "1a3c"], "gauger alerts --from alerts shows which there are"),
        ("1a", [], "alerts holds no alert at all"),
    ],
)
def test_the_next_step_is_told(asked: str, events: list[str], told: str, capfd: Captured) -> None:
    write("alerts", [alert(name, ["a"], at=60) for name in events])
    assert main(["explain", asked, "--from", "alerts"]) == 1
    assert capfd.readouterr().err == f"gauger: no alert {asked}: {told}\n"


def test_without_a_broker_the_way_by_a_file_is_told(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGER_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["explain", "f"]) == 1
    [line] = capfd.readouterr().err.splitlines()
    assert "no broker listens" in line
    assert line.endswith("--from FILE")


def test_indicators_that_are_not_there_are_wrong_usage(capfd: Captured) -> None:
    assert main(["who", "--indicators", "none", "--from", "alerts"]) == 2
    assert capfd.readouterr().err == "gauger: none: No such file or directory\n"


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("--tie", "00EF", ["f"]),
        ("--tie", "ab12", ["f", "g"]),
        ("--tie", "0000", []),
        ("--ip", "192.0.2.77", ["f"]),
        ("--ip", "192.0.0.0/16", ["f"]),
        ("--ip", "198.51.100.1", []),
        ("--ip", "2001:db8::1", []),
    ],
)
def test_who_shows_a_value(option: str, value: str, found: list[str], capfd: Captured) -> None:
    shown = json.loads(told(capfd, "who", option, value, "--json"))
    assert [each["alert_id"] for each in shown["findings"]] == found


def test_who_names_findings_and_accounts_for_a_person(capfd: Captured) -> None:
    shown = told(capfd, "who", "--ip", "192.0.2.77")
    for part in ("f  high, open", "network 192.0.2.0/24, 3 accounts", "  =b\n", "1 finding"):
        assert part in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["who"], "give one of --tie, --ip and --indicators"),
        (["who", "--tie", "a", "--ip", "192.0.2.1"], "give one of"),
        (["who", "--ip", "nowhere"], "--ip is nowhere: neither an address nor a network"),
        (["accounts", "f", "--csv", "--json"], "--csv and --json are two formats"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], message: str, capfd: Captured) -> None:
    assert main([*arguments, "--from", "alerts"]) == 2
    assert message in capfd.readouterr().err


def test_accounts_are_listed_for_people_spreadsheets_and_programs(capfd: Captured) -> None:
    write("scores", [ScoreRecord(Entity("account", "a"), 7, 0.9, 0.1, 42, [])])
    assert told(capfd, "accounts", "f") == "a\n=b\nc\n"
    header, first, second, _ = told(capfd, "accounts", "f", "--csv").splitlines()
    assert header.startswith("account,first_named,alert_id")
    assert first.startswith(f"a,{EVENTS[0].time},f,cluster-f,open,high,hold,0.99")
    assert second.startswith("'=b,")
    rows = json.loads(told(capfd, "accounts", "f", "--json", "--scores", "scores"))["accounts"]
    assert [(row["account"], row["requests"]) for row in rows] == [
        ("a", 42),
        ("=b", None),
        ("c", None),
    ]


def test_what_is_no_score_is_told(capfd: Captured) -> None:
    Path("scores").write_text("?\n")
    assert main(["accounts", "f", "--from", "alerts", "--scores", "scores"]) == 1
    assert "scores: line 1: not a score record" in capfd.readouterr().err


def shared(capfd: Captured) -> str:
    """Indicators of our alerts, as one bundle."""
    bundles = map(json.loads, told(capfd, "alerts", "--format", "stix").splitlines())
    objects = [each for bundle in bundles for each in bundle["objects"]]
    Path("bundle").write_text(json.dumps({"type": "bundle", "objects": objects}))
    return json.dumps(objects)


def test_indicators_of_another_operator_are_recognised(capfd: Captured) -> None:
    assert "192.0.2.0/24" in shared(capfd)
    shown = json.loads(told(capfd, "who", "--indicators", "bundle", "--json"))
    assert [each["alert_id"] for each in shown["findings"]] == ["f"]
    assert [tie["kind"] for tie in shown["findings"][0]["ties"]] == ["network", "client"]


def test_under_a_community_key_only_its_holders_recognise_a_value(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ours", "theirs"):
        Path(name).write_text(f"the key of {name}, which is long enough")
    monkeypatch.setenv("GAUGER_SHARING__KEY_FILE", "ours")
    text = shared(capfd)
    assert "192.0.2.0" not in text
    assert "sdk/1" not in text
    shown = json.loads(told(capfd, "who", "--indicators", "bundle", "--json"))
    assert [each["alert_id"] for each in shown["findings"]] == ["f"]
    monkeypatch.setenv("GAUGER_SHARING__KEY_FILE", "theirs")
    assert main(["who", "--indicators", "bundle", "--from", "alerts"]) == 0
    captured = capfd.readouterr()
    assert captured.out == "0 findings\n"
    assert "digests under keys that are not ours" in captured.err


def test_a_community_key_that_cannot_be_read_is_told(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGER_SHARING__KEY_FILE", "absent")
    assert main(["alerts", "--format", "stix", "--from", "alerts"]) == 2
    assert "sharing.key_file: cannot read absent" in capfd.readouterr().err
    assert main(["alerts", "--format", "cef", "--from", "alerts"]) == 0
