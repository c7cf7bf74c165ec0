"""What all verbs have in common: options of one meaning, JSON, completion, plain text in pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import orjson
import pytest
import typer

from schemas.formats import format_names
from stream.cli import main
from stream.cli.main import app

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = typer.main.get_group(app).commands
WITHOUT_SETTINGS = {"simulate", "evaluate", "compare"}

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GAUGER_")]:
        monkeypatch.delenv(name)


def options(verb: str) -> dict[str, str]:
    """Long options of a verb, each with its help."""
    return {
        name: getattr(parameter, "help", None) or ""
        for parameter in COMMANDS[verb].params
        for name in parameter.opts
        if name.startswith("--") and not getattr(parameter, "hidden", False)
    }


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_verb_speaks_json_and_takes_settings(verb: str) -> None:
    assert "--json" in options(verb)
    assert ("--config" in options(verb)) == (verb not in WITHOUT_SETTINGS)


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_option_says_what_it_is_for(verb: str) -> None:
    assert [name for name, text in options(verb).items() if not text.endswith(".")] == []


def test_an_option_means_the_same_wherever_it_is() -> None:
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for verb in COMMANDS:
        for name, text in options(verb).items():
            texts[name].add(text)
    for name in ("--config", "--input-format"):
        assert len(texts[name]) == 1


def complete(words: str, shell: str = "bash") -> str:
    count = str(len(words.split()) - (not words.endswith(" ")))
    variables = {"COMP_WORDS": words, "COMP_CWORD": count, "_TYPER_COMPLETE_ARGS": words}
    done = subprocess.run(
        [sys.executable, "-m", "stream.cli"],
        cwd=ROOT,
        env={**os.environ, **variables, "_GAUGER_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_shells_complete_verbs_options_and_formats() -> None:
    assert complete("gauger re").split() == ["replay", "receive"]
    assert complete("gauger replay --shu").split() == ["--shuffle"]
    assert complete("gauger sketch --input-format ").split() == format_names()
    assert "ecs" in complete("gauger alerts --format e", "zsh")


def test_what_nobody_reads_on_a_terminal_has_no_colour(capfd: Captured) -> None:
    main(["doctor", "absent.jsonl"])
    main(["doctor"])
    main(["forward", "--from", "absent.jsonl", "--to", "-"])
    told = capfd.readouterr()
    assert "\x1b" not in told.out + told.err


def test_a_mistyped_key_is_answered_with_the_one_that_was_meant(capsys: Captured) -> None:
    Path("gauger.toml").write_text("[kafka]\nbootstrap_server = 'a:1'\n", encoding="utf-8")
    Path("events.jsonl").write_bytes(b"")
    assert main(["replay", "events.jsonl"]) == 2
    assert "did you mean bootstrap_servers?" in capsys.readouterr().err


def test_no_verb_mixes_its_json_into_another_output(capsys: Captured) -> None:
    Path("events.jsonl").write_bytes(b"")
    for arguments in (
        ["sketch", "events.jsonl"],
        ["forward", "--from", "events.jsonl", "--to", "-"],
    ):
        assert main([*arguments, "--json"]) == 2
        assert "both write to stdout" in capsys.readouterr().err


def test_what_was_sketched_and_forwarded_is_told_as_json(capsys: Captured) -> None:
    Path("events.jsonl").write_bytes(b'{"id": "1", "time": 1789000000, "account": "a"}\n')
    assert main(["sketch", "events.jsonl", "--out", "out.jsonl", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["events"] == 1
    Path("alerts.jsonl").write_bytes(b"")
    assert main(["forward", "--from", "alerts.jsonl", "--to", "file:sent", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["records"] == 0


def test_a_replay_reads_the_format_of_the_settings(capsys: Captured) -> None:
    Path("gauger.toml").write_text('[kafka]\ninput_format = "litellm"\n', encoding="utf-8")
    Path("events.jsonl").write_bytes(b'{"id": "1", "time": 1789000000, "account": "a"}\n')
    read = []
    for arguments in ([], ["--input-format", "native"]):
        assert main(["replay", "events.jsonl", *arguments, "--json"]) == 0
        read.append(orjson.loads(capsys.readouterr().out)["counts"])
    assert [(one["events"], one["bad"]) for one in read] == [(0, 1), (1, 0)]
