"""The jars of a Kafka broker, copied once by Maven from what pom.xml pins."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
_CACHE = POM.parents[2] / ".cache" / "kafka"
_PATIENCE_SECONDS = 900


class NoBroker(Exception):
    """No broker can be started here; the message says what is missing."""


def broker_jars() -> Path:
    """The folder of the jars, filled on the first call.

    Raises:
        NoBroker: There is no Maven, or it could not copy them.
    """
    folder = _CACHE / sha256(POM.read_bytes()).hexdigest()[:12]
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _copy(folder)
    return folder


def _copy(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoBroker("Maven (mvn) is not installed")
    half = folder.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    # --strict-checksums: a jar that arrived damaged is refused.
    command = [maven, "--quiet", "--batch-mode", "--strict-checksums", "--file", str(POM)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={half}"]
    copied = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
    )
    if copied.returncode:
        raise NoBroker(f"Maven could not copy the broker's jars: {copied.stdout.strip()[:500]}")
    half.rename(folder)
