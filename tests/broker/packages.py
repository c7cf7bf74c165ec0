"""Programs of Debian packages, unpacked under .cache and installed nowhere."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

PACKAGES = ("kcat", "prometheus", "rsyslog", "rsyslog-gnutls", "rsyslog-kafka")

_CACHE = Path(__file__).parents[2] / ".cache" / "packages"
_PATIENCE_SECONDS = 600


class NoPackages(Exception):
    """The packages cannot be had here; the message says why."""


@dataclass(frozen=True)
class Programs:
    """What the packages hold.

    Attributes:
        root: Where they are unpacked.
    """

    root: Path

    @property
    def kcat(self) -> Path:
        return self.root / "usr/bin/kcat"

    @property
    def prometheus(self) -> Path:
        return self.root / "usr/bin/prometheus"

    @property
    def promtool(self) -> Path:
        return self.root / "usr/bin/promtool"

    @property
    def rsyslogd(self) -> Path:
        return self.root / "usr/sbin/rsyslogd"

    @property
    def rsyslog_modules(self) -> Path:
        (folder,) = self.root.glob("usr/lib/*/rsyslog")
        return folder

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which they find their libraries."""
        return {**os.environ, "LD_LIBRARY_PATH": str(self.rsyslog_modules.parent)}


def find_programs() -> Programs:
    """The programs, unpacked on the first call.

    Raises:
        NoPackages: This is no Debian, or its packages cannot be downloaded.
    """
    return Programs(unpacked(PACKAGES))


def unpacked(packages: Sequence[str]) -> Path:
    """The folder in which packages are unpacked, with what they need that is not installed here.

    Raises:
        NoPackages: This is no Debian, or its packages cannot be downloaded.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NoPackages(f"there is no {tool}")
    root = _CACHE / sha256(" ".join(packages).encode()).hexdigest()[:12]
    with _locked():
        if not root.is_dir():
            _unpack(root, packages)
    return root


@contextmanager
def _locked() -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(root: Path, packages: Sequence[str]) -> None:
    half = root.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    archives = half / "archives"
    (archives / "partial").mkdir(parents=True)
    if _download(archives, packages).returncode:
        # A fresh container knows of no packages yet; only root may ask for their list.
        _run("apt-get", "--quiet", "update")
        downloaded = _download(archives, packages)
        if downloaded.returncode:
            raise NoPackages(f"apt-get says: {downloaded.stdout.strip()[-500:]}")
    for package in archives.glob("*.deb"):
        _run("dpkg-deb", "--extract", str(package), str(half))
    half.rename(root)


def _download(folder: Path, packages: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Fetch the packages, and what they need that is not installed here."""
    return _run(
        *("apt-get", "install", "--download-only", "--reinstall", "--assume-yes", "--quiet"),
        *("--no-install-recommends", "--option", f"Dir::Cache::archives={folder}"),
        # Nothing of the system is changed, so that it need not be locked.
        *("--option", "Debug::NoLocking=1", *packages),
    )


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
