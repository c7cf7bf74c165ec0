"""On the path of a process: its wall clock is wrong by the seconds in the file FAULTY_CLOCK."""

from __future__ import annotations

import os
import time
from pathlib import Path

_FILE = Path(os.environ["FAULTY_CLOCK"])
_SECONDS, _NANOSECONDS = time.time, time.time_ns


def _wrong_by() -> int:
    return int(_FILE.read_text())


time.time = lambda: _SECONDS() + _wrong_by()
time.time_ns = lambda: _NANOSECONDS() + _wrong_by() * 1_000_000_000
