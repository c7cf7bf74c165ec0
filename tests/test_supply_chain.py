from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.dependencies import Dependency
from tools.licences import DEVELOPMENT, RUNTIME, is_allowed, refused
from tools.sbom import bill

ROOT = Path(__file__).resolve().parent.parent
TABLE = {"name": "gauger", "version": "1.0", "license": "Apache-2.0"}


def dependency(name: str, licence: str = "MIT", *needs: str, runtime: bool = True) -> Dependency:
    return Dependency(name, "2.0", licence, needs, ("ab" * 32,), runtime)


def built(folder: Path) -> bytes:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600", "TZ": f"UTC{len(folder.name)}"}
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env=environment)
    [path] = folder.glob("*.whl")
    return path.read_bytes()


def test_two_builds_of_the_wheel_are_the_same_to_the_byte(tmp_path: Path) -> None:
    assert built(tmp_path / "a") == built(tmp_path / "another")


def test_every_pin_is_exact_and_hashed() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    pin = re.compile(r"[\w.-]+==[^\s;]+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert len(pins) > 100
    assert [line for line in pins if not pin.fullmatch(line.strip())] == []


def test_every_action_of_a_workflow_is_pinned_by_commit() -> None:
    text = "".join(one.read_text("utf-8") for one in (ROOT / ".github/workflows").glob("*.yml"))
    used = re.findall(r"uses: *(\S+)", text)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)", True),
        ("(MIT AND GPL-3.0-only) OR AGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception AND BSD-2-Clause", True),
        ("LGPL-3.0-only", False),
        ("", False),
    ],
)
def test_an_expression_is_met_by_allowed_licences(*, expression: str, expected: bool) -> None:
    assert is_allowed(expression, RUNTIME) is expected


def test_weak_copyleft_is_for_development_alone() -> None:
    assert is_allowed("LGPL-3.0-only", DEVELOPMENT)
    assert refused([dependency("a", "LGPL-3.0-only", runtime=False), dependency("b")]) == []
    assert refused([dependency("a", "LGPL-3.0-only")]) == ["a 2.0: LGPL-3.0-only (run time)"]


def test_the_bill_names_what_the_product_runs_on_and_nothing_else() -> None:
    every = [dependency("a", "MIT", "b", "c"), dependency("b"), dependency("c", runtime=False)]
    made = bill(every, ["a"], TABLE)
    assert [one["name"] for one in made["components"]] == ["a", "b"]
    needs = {one["ref"]: one["dependsOn"] for one in made["dependencies"]}
    assert needs["pkg:pypi/a@2.0"] == ["pkg:pypi/b@2.0"]
    assert needs["pkg:pypi/gauger@1.0"] == ["pkg:pypi/a@2.0"]


def test_another_pin_is_another_bill() -> None:
    first, again = (bill([dependency("a")], ["a"], TABLE) for _ in range(2))
    other = bill([dependency("a")._replace(version="2.1")], ["a"], TABLE)
    assert first == again
    assert first["serialNumber"] != other["serialNumber"]
