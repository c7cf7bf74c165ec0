"""Samples of what gateways write, by format: a record, and the events that it must arrive as."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import orjson

FOLDER = Path(__file__).parent / "samples"


class Sample(NamedTuple):
    """A record of one format, the operator's paths, and what comes of it."""

    form: str
    name: str
    record: Any
    paths: dict[str, list[str]]
    events: list[dict[str, Any]]
    refused: list[list[str | None]]


def _read(path: Path) -> Sample:
    content = orjson.loads(path.read_bytes())
    paths = content.get("paths", {})
    form = path.parent.name
    return Sample(form, path.stem, content["record"], paths, content["events"], content["refused"])


SAMPLES = [_read(path) for path in sorted(FOLDER.rglob("*.json"))]
