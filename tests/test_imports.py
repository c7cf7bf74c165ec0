from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(
    path.relative_to(ROOT)
    for package in ("schemas", "models", "stream")
    for path in (ROOT / package).rglob("*.py")
)
PACKAGES_ABOVE = {"schemas": {"models", "stream"}, "models": {"stream"}, "stream": set[str]()}
OF_THE_SHELL = {
    *("aiokafka", "asyncio", "faust", "http", "kafka", "logging", "mode", "multiprocessing"),
    *("os", "pathlib", "select", "shutil", "signal", "socket", "structlog", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib"),
}
NEVER = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
WALL_CLOCK = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}
SEEDED = {"Random", "Generator", "PCG64", "Philox", "SeedSequence"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all imported modules; a relative import starts with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls with the last two parts of the called name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:]), node


def forbidden_imports(package: str, source: str) -> set[str]:
    tops = {name.partition(".")[0] for name in imported(ast.parse(source))}
    forbidden = PACKAGES_ABOVE[package] | NEVER | {""}
    if package != "stream":
        forbidden = forbidden | OF_THE_SHELL
    if package != "models":
        forbidden = forbidden | {"river"}
    return tops & forbidden


def forbidden_calls(path: Path, source: str) -> set[str]:
    tree = ast.parse(source)
    names = {name for name, _ in called(tree)}
    forbidden = set() if path == Path("stream/clock.py") else names & WALL_CLOCK
    if any(name == "time" and node.module == "time" for node, name in _members_imported(tree)):
        forbidden |= {"time.time"}
    if path.parts[0] == "stream":
        return forbidden
    forbidden |= names & {"open", "io.open", "print", "input", "hash"}
    for name, call in called(tree):
        owner, _, function = name.rpartition(".")
        unseeded = function in SEEDED | {"default_rng"} and not (call.args or call.keywords)
        if unseeded or (owner == "random" and function not in SEEDED | {"default_rng"}):
            forbidden.add(name)
    return forbidden


def _members_imported(tree: ast.AST) -> Iterator[tuple[ast.ImportFrom, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_backwards_only_and_the_core_is_pure(path: Path) -> None:
    assert forbidden_imports(path.parts[0], (ROOT / path).read_text("utf-8")) == set()


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_reads_the_clock_or_draws_unseeded(path: Path) -> None:
    assert forbidden_calls(path, (ROOT / path).read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("package", "source", "caught"),
    [
        ("schemas", "from models.requests.batch import Batch", {"models"}),
        ("models", "import stream.settings", {"stream"}),
        ("models", "def read():\n    import os.path", {"os"}),
        ("models", "from . import batch", {""}),
        ("schemas", "import structlog", {"structlog"}),
        ("stream", "from river import anomaly", {"river"}),
        ("stream", "import pickle", {"pickle"}),
        ("stream", "import asyncio, models.requests.batch, schemas.codec", set()),
        ("models", "import river.anomaly, numpy, schemas.request", set()),
    ],
)
def test_the_import_rule_catches(package: str, source: str, caught: set[str]) -> None:
    assert forbidden_imports(package, source) == caught


@pytest.mark.parametrize(
    ("path", "source", "caught"),
    [
        ("stream/app.py", "time.time()", {"time.time"}),
        ("stream/app.py", "from time import time", {"time.time"}),
        ("stream/app.py", "datetime.datetime.now(UTC)", {"datetime.now"}),
        ("stream/clock.py", "time.time()", set()),
        ("stream/app.py", "time.monotonic()", set()),
        ("models/requests/batch.py", "hash('a')", {"hash"}),
        ("models/requests/batch.py", "open('a')", {"open"}),
        ("models/requests/batch.py", "random.random()", {"random.random"}),
        ("models/requests/batch.py", "np.random.default_rng()", {"random.default_rng"}),
        ("models/requests/batch.py", "np.random.default_rng(7)", set()),
        ("models/requests/batch.py", "random.Random(7).random()", set()),
    ],
)
def test_the_call_rule_catches(path: str, source: str, caught: set[str]) -> None:
    assert forbidden_calls(Path(path), source) == caught
