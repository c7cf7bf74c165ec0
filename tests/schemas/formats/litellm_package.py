"""LiteLLM's own sample of a payload, out of the package: installed alone, without what it needs.

The package is big and has a hundred dependencies, and one file of it is wanted: pip puts it into
.cache once, by the hash in litellm.txt, and it is never imported.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.leaving import leave_out

REQUIREMENTS = Path(__file__).with_name("litellm.txt")
_CACHE = Path(__file__).resolve().parents[3] / ".cache" / "litellm"
_SAMPLE = "litellm/integrations/azure_sentinel/example_standard_logging_payload.json"
_PATIENCE_SECONDS = 300


def litellm_sample() -> bytes:
    """The sample; the test is left out where the package cannot be had."""
    path = _CACHE / f"{sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}.json"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _fetch(path)
    return path.read_bytes()


def _fetch(path: Path) -> None:
    folder = _CACHE / "package"
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    command += ["--no-deps", "--require-hashes", "--no-compile", "--only-binary", ":all:"]
    command += ["--target", str(folder), "--requirement", str(REQUIREMENTS)]
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
    )
    if done.returncode:
        leave_out(f"LiteLLM's package cannot be had: {done.stderr.strip()[-200:]}")
    (folder / _SAMPLE).rename(path)
    shutil.rmtree(folder)
