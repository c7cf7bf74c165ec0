from __future__ import annotations

from pathlib import Path

import pytest

from models.requests.text_sketcher import Overlap, TextKeys
from stream.keys import read_key
from stream.settings import Settings, SettingsError, describe, load_settings

UNTIL = 'overlap_from = "2027-01-01T00:00:00Z"\noverlap_until = "2027-01-08T00:00:00+01:00"\n'


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "texts.key"
    path.write_text("canary of the key of texts")
    return path


def loaded(folder: Path, section: str) -> Settings:
    path = folder / "gauger.toml"
    path.write_text(f"[text_key]\n{section}")
    return load_settings(path, {})


def test_without_a_key_of_their_own_texts_have_the_one_of_all_hashes() -> None:
    settings = load_settings(None, {})
    assert settings.own_texts is None
    assert settings.texts.secrets == TextKeys(settings.key.secret)


def test_an_overlap_names_both_keys_and_is_never_shown_with_them(tmp_path: Path, key: Path) -> None:
    settings = loaded(tmp_path, f'file = "{key}"\n{UNTIL}')
    begins, ends = 1_798_761_600_000_000, 1_799_362_800_000_000
    overlap = Overlap(settings.key.secret, begins, ends)
    assert settings.texts.secrets == TextKeys(read_key(key).secret, overlap)
    assert describe(settings)["key"]["texts"] == [read_key(key).id, settings.key.id]
    for shown in (repr(settings), str(describe(settings))):
        assert "canary" not in shown
        assert repr(read_key(key).secret) not in shown
    back = loaded(tmp_path, f'previous_file = "{key}"\n{UNTIL}')
    assert back.texts.ids == settings.texts.ids[::-1]


def test_after_the_overlap_the_new_key_stands_alone(tmp_path: Path, key: Path) -> None:
    assert loaded(tmp_path, f'file = "{key}"').texts.secrets == TextKeys(read_key(key).secret)


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ('file = "absent"', "text_key.file"),
        ('file = "KEY"\noverlap_from = "2027-01-01T00:00:00Z"', "text_key.overlap_until"),
        (f'file = "KEY"\n{UNTIL}'.replace("2027-01-08", "2026-01-08"), "text_key.overlap_until"),
        (f'file = "KEY"\n{UNTIL}'.replace("00:00:00Z", "00:00:00"), "text_key.overlap_from"),
        (UNTIL, "text_key.file"),
        (f'file = "KEY"\nprevious_file = "KEY"\n{UNTIL}', "text_key.file"),
        ('file = "KEY"\nprevious_file = "KEY"', "text_key.previous_file"),
        ('overlap = "soon"', "text_key.overlap"),
    ],
)
def test_what_does_not_go_together_is_told_by_key(
    tmp_path: Path, key: Path, section: str, place: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, section.replace("KEY", str(key)))
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [place]
