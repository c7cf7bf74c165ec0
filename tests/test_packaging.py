from __future__ import annotations

import subprocess
import sys
from email.message import Message
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"schemas", "models", "stream"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    return Parser().parsestr(wheel.read("gauger-0.1.0.dist-info/METADATA").decode())


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == PACKAGES | {"gauger-0.1.0.dist-info"}


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_the_wheel_holds_every_source_and_data_file(package: str, wheel: ZipFile) -> None:
    on_disk = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.py", "*.toml", "py.typed")
        for path in (ROOT / package).rglob(pattern)
    }
    assert f"{package}/py.typed" in on_disk
    assert on_disk <= set(wheel.namelist())


def test_the_wheel_installs_the_command(wheel: ZipFile) -> None:
    entry_points = wheel.read("gauger-0.1.0.dist-info/entry_points.txt").decode()
    assert entry_points.split() == ["[console_scripts]", "gauger", "=", "stream.cli:main"]


def test_the_wheel_may_not_be_uploaded(metadata: Message) -> None:
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])


def test_the_wheel_states_and_carries_its_licence(wheel: ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "gauger-0.1.0.dist-info/licenses/LICENSE" in wheel.namelist()


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_no_other_distribution_owns_the_package(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"gauger"}
