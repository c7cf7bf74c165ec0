"""What accounts and ties weigh: in state, and in the memory of a process of its own.

`python -m bench.speed.memory RECORDING ACCOUNTS` is that process: it prints its size at its end and
at its peak, of which the process that measures says nothing any more.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from bench.recordings import of_accounts, of_shared_fragments
from bench.speed.jobs import DENSE, Size, feed
from bench.speed.table import Row
from models.layouts import PROFILE
from stream.recordings.blocks import BLOCK_LINES
from stream.replay.local import LocalRun
from stream.settings import Settings

_DENSE = 100_000
_REQUESTS = 5
_RECORDINGS = {
    "distinct": lambda accounts: of_accounts(accounts, accounts, 0, _DENSE),
    "shared": lambda accounts: of_shared_fragments(accounts, _DENSE),
}


def memory_rows(size: Size) -> Iterator[Row]:
    """Bytes an account, and the whole of a process with as many as the design asks for."""
    yield Row("profile of an account", PROFILE.itemsize, "B", "≤ 1,024", "≤ 512")
    few, many = (_state_bytes(count) for count in (5_000, 20_000))
    what = f"saved state of an account with {_REQUESTS} requests and values of its own"
    yield Row(what, (many - few) / 15_000, "B", key="state of an account")
    few, many = (_process("distinct", size.known // part)["resident"] for part in (10, 2))
    apart = size.known // 2 - size.known // 10
    what = "memory of an account with one request and values of its own"
    yield Row(what, (many - few) / apart, "B", key="memory of an account")
    found = _process("shared", size.known)
    what = f"memory of {found['accounts']:,} accounts and {found['ties']:,} ties"
    yield Row(what, found["peak"] / 2**30, "GiB", "≤ 3", "≤ 1.5", key="memory of the process")


def _state_bytes(accounts: int) -> int:
    run = LocalRun(Settings())
    feed(run, list(of_accounts(accounts, _REQUESTS * accounts, 0, DENSE)))
    run.finish()
    return len(run.save())


def _process(recording: str, accounts: int) -> dict[str, int]:
    command = [sys.executable, "-m", "bench.speed.memory", recording, str(accounts)]
    found: dict[str, int] = orjson.loads(
        subprocess.run(command, check=True, capture_output=True).stdout
    )
    return found


def main() -> None:
    """Read a recording to its end, and print what it took."""
    recording, accounts = sys.argv[1:]
    run = LocalRun(Settings())
    source = run.open_source()
    lines: Any = _RECORDINGS[recording](int(accounts))
    while block := list(islice(lines, BLOCK_LINES)):
        run.feed(source, 0, block)
    run.finish()
    # Not by getrusage: its peak begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in status if line.endswith(" kB")}
    found = {
        "peak": int(sizes["VmHWM"]) * 1024,
        "resident": int(sizes["VmRSS"]) * 1024,
        "accounts": run.counters.accounts,
        "ties": run.counters.ties,
    }
    print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
