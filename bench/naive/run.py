"""Runs a straightforward pipeline as a program of its own, over a topic that is filled already."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import orjson

ROOT = Path(__file__).parents[2]
LIBRARIES = ROOT / ".cache" / "pipelines"
"""Where `make bench-pipelines` puts Quix Streams and Bytewax: nothing of Gauger needs them."""

PIPELINES = {
    "faust": ("faust", "bench.naive.on_faust"),
    "Quix Streams": ("quixstreams", "bench.naive.on_quixstreams"),
    "Bytewax": ("bytewax.dataflow", "bench.naive.on_bytewax"),
}
"""By the name of the stream processor: what must be importable, and the program."""

_WAIT = 900.0


class Taken(NamedTuple):
    """Seconds that the requests after the first took: by the clock, and of the processor."""

    wall: float
    cpu: float


def missing(pipeline: str) -> str:
    """Why this Python cannot import what the pipeline stands on; empty if it can."""
    module, _ = PIPELINES[pipeline]
    done = _python(pipeline, "-c", f"import {module}", wait=60.0)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def run(
    pipeline: str, servers: str, topic: str, application: str, partitions: int, requests: int
) -> Taken:
    """Let the pipeline read so many requests.

    Raises:
        SystemExit: It failed; the message ends with its last words.
    """
    _, program = PIPELINES[pipeline]
    done = _python(
        pipeline, "-m", program, servers, topic, application, str(partitions), str(requests)
    )
    # Faust hides and shows the terminal's cursor on the same line.
    _, brace, figures = done.stdout.rpartition("{")
    if not brace:
        raise SystemExit(f"the pipeline on {pipeline} failed: {done.stderr[-2_000:]}")
    found = orjson.loads(brace + figures)
    return Taken(float(found["seconds"]), float(found["cpu"]))


def _python(
    pipeline: str, *arguments: str, wait: float = _WAIT
) -> subprocess.CompletedProcess[str]:
    # Their dependencies may be of other versions than ours: only their own processes see them.
    apart = {} if pipeline == "faust" else {"PYTHONPATH": str(LIBRARIES)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | apart,
        capture_output=True, text=True, check=False, timeout=wait,
    )  # fmt: skip
