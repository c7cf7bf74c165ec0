"""What faults need of the machine: networks that can be cut, and disks that are soon full.

All of it is in namespaces of this run, made by `unshare`: whatever it mounts or links is gone with
it, and nothing else on the machine sees any of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INSIDE = "FAULTS_IN_NAMESPACES"
_UNSHARE = ["unshare", "--net", "--mount"]

HOST = "192.0.2.1"
"""Where the broker listens: of a range that is nobody's (RFC 5737)."""

_OUTER, _INNER = "192.0.2.5", "192.0.2.6"


def enter(module: str) -> bool:
    """Go on in namespaces of our own, in another process; False where that is not permitted."""
    if _INSIDE in os.environ:
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "address", "add", f"{HOST}/32", "dev", "lo")
        return True
    tried = subprocess.run([*_UNSHARE, "ip", "link"], capture_output=True, check=False)
    if tried.returncode:
        return False
    inside = [*_UNSHARE, sys.executable, "-m", module, *sys.argv[1:]]
    raise SystemExit(
        subprocess.run(inside, env={**os.environ, _INSIDE: "1"}, check=False).returncode
    )


class FarSide:
    """A network of its own that reaches the broker over one link, which can be cut."""

    def __init__(self, holder: subprocess.Popen[bytes]) -> None:
        self._holder = holder
        self.before = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")

    def cut(self) -> None:
        """Nothing passes, in either direction, and nobody is told."""
        _run("ip", "link", "set", "outer", "down")

    def mend(self) -> None:
        """All passes again."""
        _run("ip", "link", "set", "outer", "up")


@contextmanager
def far_side() -> Iterator[FarSide]:
    """A far side, as long as the block runs."""
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) as holder:
        side = FarSide(holder)
        theirs, ours = Path(f"/proc/{holder.pid}/ns/net"), Path("/proc/self/ns/net")
        while theirs.readlink() == ours.readlink():
            pass
        ends = ("outer", "type", "veth", "peer", "inner", "netns", str(holder.pid))
        _run("ip", "link", "add", *ends)
        _run("ip", "address", "add", f"{_OUTER}/30", "dev", "outer")
        for words in (
            "link set lo up",
            f"address add {_INNER}/30 dev inner",
            "link set inner up",
        ):
            _run(*side.before, "ip", *words.split())
        side.mend()
        _run(*side.before, "ip", "route", "add", "default", "via", _OUTER)
        try:
            yield side
        finally:
            holder.kill()


class SmallDisk:
    """A disk in memory, which can be filled up.

    Args:
        folder: Where it is mounted.
        megabytes: Its size.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._filler = folder / "filler"
        folder.mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))

    def fill(self) -> None:
        """Leave no room."""
        with self._filler.open("ab", 0) as filler:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        filler.write(bytes(size))
                    except OSError:
                        break

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink()


def _run(*words: str) -> None:
    subprocess.run(words, check=True)
