from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"out", "build", "dist", "__pycache__"}
BINARY = {".bin", ".gz", ".parquet", ".png", ".zst"}
MOST_LINES = 300

MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|root|home|tmp)\b")
REGISTRY = re.compile(r"pypi\.org|python[h]osted|--(?:extra-)?index-url")


def texts() -> Iterator[Path]:
    """Paths of the repository's own text files."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in {".ci", ".github"} for part in parts)
        if (
            path.is_file()
            and not hidden
            and not NOT_OURS & set(parts)
            and path.suffix not in BINARY
        ):
            yield path.relative_to(ROOT)


TEXTS = list(texts())
MODULES = [path for path in TEXTS if path.suffix == ".py"]


def machine_bound(text: str) -> list[str]:
    return [*MACHINE_PATH.findall(text), *REGISTRY.findall(text)]


def too_long(source: str) -> bool:
    """More lines than allowed, without a head that begins its reason with `Long because`."""
    head = ast.get_docstring(ast.parse(source)) or ""
    return source.count("\n") > MOST_LINES and "long because" not in head.lower()


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_no_file_names_a_machine_or_a_registry(path: Path) -> None:
    assert machine_bound((ROOT / path).read_text("utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_is_long_without_a_reason(path: Path) -> None:
    assert not too_long((ROOT / path).read_text("utf-8"))


def test_the_repository_is_seen() -> None:
    assert {Path("pyproject.toml"), Path(".ci/run"), Path("schemas/codec.py")} <= set(TEXTS)


@pytest.mark.parametrize(
    "text", ["cd /" + "work/main", "'/" + "root'", "https://pypi" + ".org/simple"]
)
def test_the_rule_catches(text: str) -> None:
    assert machine_bound(text)


@pytest.mark.parametrize("text", ["docs/work/a", "~/home", "https://example.org/about", "/metrics"])
def test_the_rule_spares(text: str) -> None:
    assert machine_bound(text) == []


def test_a_long_module_needs_a_reason() -> None:
    body = "x = 1\n" * (MOST_LINES + 1)
    assert too_long(body)
    assert not too_long('"""Tables.\n\nLong because its rows are data.\n"""\n' + body)
