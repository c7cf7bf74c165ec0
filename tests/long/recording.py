"""A recording with several campaigns for the long runs, in pieces one after the other."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

from tests.integration.workers import ROOT, open_binary

SECTIONS = """
[epoch]
seconds = 1800
lateness_seconds = 120
[learning]
hours = 6.0
"""
"""Long epochs: what is tried here is delivery, and a fortnight should not take all day."""


def simulated(folder: Path, least: int) -> tuple[list[Path], Path, int]:
    """All families of campaigns in at least so many requests: recordings, facts, requests.

    What an earlier run has left in the folder is used again.

    Raises:
        SystemExit: The simulator failed, or gave fewer requests.
    """
    events = folder / "events.jsonl.zst"
    if not events.exists():
        subprocess.run(
            [
                sys.executable, "-m", "stream.cli", "simulate", "all@1/3", "--seed", "77",
                "--scale", str(least / 600_000), "--out", str(folder),
            ],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
    with open_binary(events) as lines:
        count = sum(1 for _ in lines)
    if count < least:
        raise SystemExit(f"{count:,} requests were simulated, {least:,} asked for")
    return [events], folder / "facts.jsonl", count


def cut(events: Path, folder: Path, pieces: int, count: int) -> list[Path]:
    """The recording in pieces of about the same size, in order of time."""
    size = -(-count // pieces)
    paths = []
    with open_binary(events) as lines:
        for number in range(pieces):
            path = folder / f"piece-{number:02}.jsonl"
            with path.open("wb") as out:
                out.writelines(islice(lines, size))
            paths.append(path)
    return paths
