"""The files of the page: no markup out of data, nothing from elsewhere, readable in both themes."""

from __future__ import annotations

import re
from itertools import product

import pytest

from stream.console.pages import read_files

FILES = {name: file.body.decode() for name, file in read_files().items()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}
GROUNDS = ("ground", "panel", "raised")
WORDS = ("text", "muted", "accent", "critical", "high", "medium", "low", "info", "good", "bad")
SHAPES = ("edge", "traffic", "refused", "mark", "accent")


def theme(name: str) -> dict[str, str]:
    css = FILES["base.css"]
    start = css.index(':root[data-theme="dark"] {') if name == "dark" else css.index(":root {")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css[start : css.index("}", start)]))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_have_the_contrast_of_wcag_aa_on_every_ground(name: str) -> None:
    colours = theme(name)
    for word, ground in product(WORDS, GROUNDS):
        assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    for shape in SHAPES:
        assert contrast(colours[shape], colours["panel"]) >= 3.0, shape


def test_the_system_prefers_the_same_dark_theme_as_the_button() -> None:
    css = FILES["base.css"]
    media = css[css.index(":root:not([data-theme") : css.index(':root[data-theme="dark"]')]
    assert dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", media)) == theme("dark")


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_reads_markup_or_runs_text(name: str) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\("
    )
    assert not re.search(forbidden, SCRIPTS[name])


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    text = FILES[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)


def test_the_page_has_no_script_and_no_style_of_its_own() -> None:
    page = FILES["index.html"]
    assert not re.search(r"<style|style=|\son\w+=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    for name in re.findall(r'"/static/([^"]+)"', page):
        assert name in FILES


def test_scripts_import_what_there_is() -> None:
    for name, text in SCRIPTS.items():
        for other, names in re.findall(r'import \{ ([^}]+) \} from "\./([^"]+)"', text):
            exported = set(
                re.findall(r"export (?:async )?(?:const|function|class) (\w+)", FILES[names])
            )
            assert set(other.split(", ")) <= exported, (name, names)
        # What is imported is used.
        for other in re.findall(r"import \{ ([^}]+) \}", text):
            for one in other.split(", "):
                assert len(re.findall(rf"\b{one}\b", text)) > 1, (name, one)
