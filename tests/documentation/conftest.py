"""Folders with what the documentation speaks of."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import pytest

from schemas.codec import encode
from tests.documentation.blocks import ROOT
from tests.integration.conftest import broker, engine, server, topic_prefix
from tests.integration.workers import open_binary
from tests.models.alerts import alert

__all__ = ["broker", "engine", "server", "topic_prefix"]

SAMPLE = ROOT / "examples" / "events.jsonl.zst"
DAYS = ("monday.jsonl.zst", "tuesday.jsonl.zst", "wednesday.jsonl.zst")
LINES = 500
EPOCHS = """
[epoch]
seconds = 3600
"""
"""Long epochs: a recording of days is over in as many steps as hours would take."""
VERDICT = b'{"alert_id": "b4f4ab51159da01379a4472c", "time": 1789500000, "verdict": "dismiss"}\n'


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the documentation names."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(ROOT / "examples", folder / "examples")
    with open_binary(SAMPLE) as sample:
        requests = list(islice(sample, len(DAYS) * LINES))
    # Compressed or not, the first bytes say: names are names.
    for number, day in enumerate(DAYS):
        (folder / day).write_bytes(b"".join(requests[number * LINES : (number + 1) * LINES]))
    (folder / "traffic.jsonl.zst").write_bytes(b"".join(requests[:LINES]))
    (folder / "yesterday.jsonl.zst").write_bytes(b"".join(requests[:5]))
    (folder / "empty.jsonl").touch()
    shutil.copy(ROOT / "examples" / "facts.jsonl", folder / "accounts.jsonl")
    (folder / "verdicts.jsonl").write_bytes(VERDICT)
    (folder / "gauger.key").write_bytes(b"a key for these tests alone")
    (folder / "gauger.toml").write_text(EPOCHS, "utf-8")
    found = [alert("4f70", ["a1", "a2", "a3"], at=1.789e9), alert("99ab", ["a7", "a8"], at=1.79e9)]
    lines = b"".join(encode(event) + b"\n" for event in found)
    for name in ("alerts.jsonl", "before.jsonl", "after.jsonl"):
        (folder / name).write_bytes(lines)
    return folder
