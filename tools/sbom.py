"""`make sbom`: what the product runs on, as a CycloneDX 1.6 bill of materials in JSON.

It is made of constraints.txt and of what is installed from it. The same pins give the same bytes:
there is no time in it, and its serial number is a hash of the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tools.dependencies import Dependency, dependencies, direct, project


def bill(every: list[Dependency], wanted: Sequence[str], table: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials of the product.

    Args:
        every: All dependencies.
        wanted: Those that the product itself asks for.
        table: The project's table in pyproject.toml.
    """
    parts = [one for one in every if one.runtime]
    references = {one.name: _purl(one.name, one.version) for one in parts}
    product = _purl(table["name"], table["version"])
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": product,
                "name": table["name"],
                "version": table["version"],
                "purl": product,
                "licenses": [{"expression": table["license"]}],
            }
        },
        "components": [_component(one) for one in parts],
        "dependencies": [
            {"ref": product, "dependsOn": [references[name] for name in wanted]},
            *(
                {
                    "ref": references[one.name],
                    "dependsOn": [references[name] for name in one.needs if name in references],
                }
                for one in parts
            ),
        ],
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {**content, "serialNumber": f"urn:uuid:{serial}"}


def _component(one: Dependency) -> dict[str, Any]:
    purl = _purl(one.name, one.version)
    return {
        "type": "library",
        "bom-ref": purl,
        "name": one.name,
        "version": one.version,
        "purl": purl,
        "licenses": [{"license": {"name": one.licence}}],
        # A package has a file for each kind of machine: any of these is the pinned one.
        "properties": [{"name": "gauger:sha256", "value": hash_} for hash_ in one.hashes],
    }


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def main() -> int:
    """Write it to standard output."""
    json.dump(bill(dependencies(), direct(), project()), sys.stdout, indent=1, sort_keys=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
