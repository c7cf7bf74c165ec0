"""What constraints.txt pins, as it is installed here, and what of it the product runs on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

# What a package that names no SPDX expression says of itself, in its classifiers or in short words.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD",
    "BSD License": "BSD",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Repoze Public License": "BSD-derived",
}


class Dependency(NamedTuple):
    """A pinned package.

    Attributes:
        name: Its normalised name.
        version: The version that is pinned.
        licence: An SPDX expression, or the nearest word for what the package says; "" for nothing.
        needs: Packages that it asks for without any extra, normalised.
        hashes: SHA-256 of each of its files.
        runtime: Whether the product runs on it, the extras of the product included.
    """

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]
    hashes: tuple[str, ...]
    runtime: bool


def project() -> dict[str, Any]:
    """The project's table in pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def direct() -> tuple[str, ...]:
    """What the product itself asks for, its extras included, normalised."""
    table = project()
    extras = table["optional-dependencies"].values()
    return _needs([*table["dependencies"], *(need for extra in extras for need in extra)])


def dependencies() -> list[Dependency]:
    """Everything that is pinned for this kind of machine, by name.

    Raises:
        SystemExit: A package is missing, or of another version than the pinned one.
    """
    pinned = _pinned()
    installed, missing = dict[str, Distribution](), list[str]()
    for name, (version, _) in pinned.items():
        try:
            installed[name] = distribution(name)
        except PackageNotFoundError:
            missing.append(f"{name} is not installed")
        else:
            if installed[name].version != version:
                missing.append(f"{name} is {installed[name].version}, pinned is {version}")
    if missing:
        raise SystemExit("\n".join([*missing, "run `make setup` first"]))
    needs = {name: _needs(one.requires or []) for name, one in installed.items()}
    runtime = _closure(direct(), needs)
    return [
        Dependency(name, version, _licence(installed[name]), needs[name], hashes, name in runtime)
        for name, (version, hashes) in sorted(pinned.items())
    ]


def _pinned() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Version and hashes of what is pinned for this machine, by normalised name."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    text = (ROOT / "constraints.txt").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        head, *hashes = line.split("--hash=sha256:")
        requirement = Requirement(head.strip())
        if requirement.marker is None or requirement.marker.evaluate():
            [pin] = requirement.specifier
            stripped = tuple(one.strip() for one in hashes)
            found[canonicalize_name(requirement.name)] = (pin.version, stripped)
    return found


def _needs(requirements: Iterable[str]) -> tuple[str, ...]:
    parsed = map(Requirement, requirements)
    names = {
        canonicalize_name(one.name)
        for one in parsed
        if one.marker is None or one.marker.evaluate({"extra": ""})
    }
    return tuple(sorted(names))


def _closure(names: Iterable[str], needs: dict[str, tuple[str, ...]]) -> set[str]:
    """The packages, and all that they need."""
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name in needs and name not in found:
            found.add(name)
            waiting += needs[name]
    return found


def _licence(installed: Distribution) -> str:
    """The expression of a package's own; else what its classifiers say; else its short words."""
    metadata = installed.metadata
    expression = metadata["License-Expression"]
    if expression:
        return str(expression)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    words = [*classifiers] or [metadata["License"] or ""]
    return " AND ".join(_SPDX.get(word, word) for word in words)
