from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from stream.settings import Settings, SettingsError, describe, load_settings

ENTRY = """
[[allow]]
kind = "network"
value = "192.0.2.0/24"
reason = "a classroom"
owner = "trust@example.org"
expires = 2027-01-01T00:00:00Z
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "gauger.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _problems(path: Path | None, environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ)
    return caught.value.problems


def test_without_file_and_environment_the_defaults_hold() -> None:
    settings = load_settings(None, {})
    assert settings == Settings()
    assert settings.epoch.seconds == 300
    assert settings.epoch.lateness_seconds == 120
    assert settings.budget.false_alerts_per_day == 3.0
    assert settings.learning.hours == 6.0
    assert settings.key.public


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = _written(tmp_path, "[epoch]\nseconds = 600\n[budget]\nfalse_alerts_per_day = 5\n")
    settings = load_settings(path, {"GAUGER_BUDGET__FALSE_ALERTS_PER_DAY": "1.5"})
    assert settings.epoch.seconds == 600
    assert settings.budget.false_alerts_per_day == 1.5


def test_all_problems_are_told_at_once_by_key(tmp_path: Path) -> None:
    path = _written(tmp_path, "[epoch]\nseconds = -1\nsecond = 3\n[memroy]\nties = 5\n")
    environ = {
        "GAUGER_BUDGET__FALSE_DISCOVERY_SHARE": "1.5",
        "GAUGER_BUGDET__FALSE_ALERTS_PER_DAY": "1",
        "GAUGER_KEY_FILE": str(tmp_path / "absent"),
    }
    told = "\n".join(_problems(path, environ))
    for key in (
        "epoch.seconds",
        "epoch.second:",
        "memroy",
        "budget.false_discovery_share",
        "GAUGER_BUGDET__FALSE_ALERTS_PER_DAY",
        "GAUGER_KEY_FILE",
    ):
        assert key in told


@pytest.mark.parametrize("value", ["nan", "inf", "0", "many", ""])
def test_a_budget_that_is_no_positive_number_is_refused(value: str) -> None:
    told = _problems(None, {"GAUGER_BUDGET__FALSE_ALERTS_PER_DAY": value})
    assert [problem.split(":")[0] for problem in told] == ["budget.false_alerts_per_day"]


def test_variables_with_one_underscore_are_no_settings() -> None:
    environ = {"GAUGER_PORT": "tcp://192.0.2.1:80", "GAUGER_SERVICE_HOST": "192.0.2.1"}
    assert load_settings(None, environ) == Settings()


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    assert "not TOML" in _problems(_written(tmp_path, "epoch = ["), {})[0]
    assert "No such file" in _problems(tmp_path / "absent.toml", {})[0]


def test_an_allow_list_entry_is_read_with_its_expiry(tmp_path: Path) -> None:
    (entry,) = load_settings(_written(tmp_path, ENTRY), {}).allow
    assert (entry.kind, entry.value, entry.reason) == ("network", "192.0.2.0/24", "a classroom")
    assert entry.covers(1_798_761_599_999_999)
    assert not entry.covers(1_798_761_600_000_000)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('kind = "network"', 'kind = "planet"', "allow[0].kind"),
        ("192.0.2.0/24", "192.0.2.0/99", "allow[0].value"),
        ("192.0.2.0/24", "AS64500", "allow[0].value"),
        ('kind = "network"', 'kind = "fragment"', "allow[0].value"),
        ('reason = "a classroom"', "", "allow[0].reason"),
        ('owner = "trust@example.org"', "owner = 3", "allow[0].owner"),
        ("expires = 2027-01-01T00:00:00Z", "", "allow[0].expires"),
        ("expires = 2027-01-01T00:00:00Z", "expires = 2027-01-01", "allow[0].expires"),
        ('kind = "network"', 'kind = "network"\nuntil = 3', "allow[0].until"),
    ],
)
def test_a_faulty_allow_list_entry_is_refused_by_key(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    told = _problems(_written(tmp_path, ENTRY.replace(old, new)), {})
    assert [problem.split(": ")[0] for problem in told] == [place]


@pytest.mark.parametrize(
    "digest",
    ["00000000000004d", "00000000000004d10", "0x0000000000004d", "00000000000004D1", "fragment"],
)
def test_a_fragment_is_named_by_the_digest_that_alerts_show(tmp_path: Path, digest: str) -> None:
    entry = ENTRY.replace('kind = "network"', 'kind = "fragment"')
    allowed = entry.replace("192.0.2.0/24", "00000000000004d1")
    (read,) = load_settings(_written(tmp_path, allowed), {}).allow
    assert (read.kind, read.value) == ("fragment", "00000000000004d1")
    told = _problems(_written(tmp_path, entry.replace("192.0.2.0/24", digest)), {})
    assert told == ["allow[0].value: not a digest of 16 hexadecimal digits"]


def test_printed_settings_hold_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "hash.key"
    path.write_bytes(b"canary-secret-of-the-key-file\n")
    settings = load_settings(None, {"GAUGER_KEY_FILE": str(path)})
    for shown in (repr(settings), str(describe(settings))):
        assert "canary" not in shown
        assert settings.key.secret.hex() not in shown
        assert repr(settings.key.secret) not in shown
    assert not settings.key.public


def test_the_example_shows_every_key_with_its_default() -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "gauger.toml"
    assert load_settings(path, {}) == Settings()
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    shown = describe(Settings())
    assert written == {section: shown[section] for section in written}
    assert written.keys() == shown.keys() - {"allow", "key"}


def test_paths_of_formats_are_read_from_file_and_environment(tmp_path: Path) -> None:
    path = _written(
        tmp_path, '[formats.envoy]\naccount = "x-id"\n[formats.kong]\norg = ["a.b", "c"]\n'
    )
    settings = load_settings(path, {"GAUGER_FORMATS__ENVOY__ACCOUNT": "x-user, x-id"})
    assert settings.formats == {
        "envoy": {"account": ("x-user", "x-id")},
        "kong": {"org": ("a.b", "c")},
    }
    assert describe(settings)["formats"]["kong"] == {"org": ["a.b", "c"]}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("formats = 3", "formats"),
        ("[formats]\nenvoy = 3", "formats.envoy"),
        ('[formats.envoi]\naccount = "a"', "formats.envoi"),
        ('[formats.native]\naccount = "a"', "formats.native"),
        ('[formats.kong]\nacount = "a"', "formats.kong.acount"),
        ("[formats.kong]\naccount = 3", "formats.kong.account"),
        ("[formats.kong]\naccount = []", "formats.kong.account"),
        ('[formats.kong]\naccount = ["a", 3]', "formats.kong.account"),
        ('[formats.kong]\naccount = "a..b"', "formats.kong.account"),
        ('[formats.kong]\naccount = "a.a.a.a.a.a.a.a.a.a.a.a.a"', "formats.kong.account"),
    ],
)
def test_faulty_paths_are_told_by_key(tmp_path: Path, text: str, place: str) -> None:
    told = _problems(_written(tmp_path, f"{text}\n"), {})
    assert [problem.split(": ")[0] for problem in told] == [place]


def test_the_paths_of_the_example_are_some(tmp_path: Path) -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "gauger.toml"
    lines = path.read_text(encoding="utf-8").partition("[formats]")[2].splitlines()[1:]
    shown = [line.removeprefix("# ") for line in lines[: lines.index("")]]
    formats = load_settings(_written(tmp_path, "\n".join(shown)), {}).formats
    assert formats.keys() == {"envoy", "kong"}


def test_the_allow_list_of_the_example_is_one(tmp_path: Path) -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "gauger.toml"
    text = path.read_text(encoding="utf-8")
    entry = "".join(
        line[2:] for line in text[text.index("# [[allow]]") :].splitlines(keepends=True)
    )
    assert len(load_settings(_written(tmp_path, entry), {}).allow) == 1


def test_secrets_of_forwarding_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    for name in ("to", "token"):
        (tmp_path / name).write_text(f"https://canary-{name}\n")
    path = _written(
        tmp_path, f'[forward]\nto_file = "{tmp_path}/to"\ntoken_file = "{tmp_path}/token"\n'
    )
    settings = load_settings(path, {})
    assert settings.forward.to == "https://canary-to"
    assert settings.forward.token == "https://canary-token"
    assert "canary" not in repr(settings) + str(describe(settings))


def test_what_is_wrong_with_forwarding_is_told_at_once_without_its_secrets(tmp_path: Path) -> None:
    environ = {
        "GAUGER_FORWARD__TOKEN": "canary canary",
        "GAUGER_FORWARD__TO_FILE": str(tmp_path / "absent"),
        "GAUGER_FORWARD__KEY_FILE": "a.key",
        "GAUGER_FORWARD__BODY": "several",
        "GAUGER_FORWARD__FIRST_WAIT_SECONDS": "70",
    }
    problems = _problems(None, environ)
    assert sorted(problem.split(":")[0] for problem in problems) == [
        "forward.body",
        "forward.key_file",
        "forward.longest_wait_seconds",
        "forward.to_file",
        "forward.token",
    ]
    assert "canary" not in str(problems)
