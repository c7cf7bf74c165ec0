"""docs/reference.md is what the code says."""

from __future__ import annotations

from tools.write_reference import PATH, reference


def test_the_reference_is_in_step_with_the_code() -> None:
    assert PATH.read_text("utf-8") == reference()


def test_the_reference_has_no_empty_meaning_of_a_setting_or_option() -> None:
    text = reference()
    for section in ("## Commands", "## Settings"):
        part = text.partition(section)[2].partition("\n## ")[0]
        rows = [line for line in part.splitlines() if line.startswith("| `")]
        cells = [row.replace("\\|", "/").split(" | ") for row in rows]
        meaning = 1 if section == "## Commands" else 2
        assert [row[0] for row in cells if not row[meaning].strip(" |")] == []
