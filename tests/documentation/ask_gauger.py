"""Has `tests.fast_gauger` run a command; standard library alone, so that it is quick.

Commands that run until they are stopped are stopped once they have said that they are at work.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.fast_process import FastProcess

ROOT = Path(__file__).resolve().parents[2]
AT_WORK = {"worker": "source_taken", "receive": '"receiving"', "forward": "forward_started"}
PATIENCE_SECONDS = 90


def main() -> int:
    """The command's exit status."""
    words = sys.argv[1:]
    verb = next(word for word in words if not word.startswith("-") and not word.endswith(".toml"))
    if verb in AT_WORK and "--from" not in words:
        return run_until(words, AT_WORK[verb])
    if "--follow" in words:
        # It ends nowhere by itself: what the topic holds is shown by the same without.
        words.remove("--follow")
    return ask(words)


def ask(words: list[str]) -> int:
    """Have it run where all is loaded."""
    return FastProcess(Path(os.environ["GAUGER_SOCKET"]), words, Path.cwd(), [0, 1, 2]).wait()


def run_until(words: list[str], sign: str) -> int:
    """Run it by itself; stopped as a supervisor does it, it must end well."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [os.environ["PYTHON"], "-m", "stream.cli", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environ, text=True)
    assert process.stderr is not None
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    patience = threading.Timer(PATIENCE_SECONDS, process.kill)
    patience.start()
    sought: str | None = sign
    for line in process.stderr:
        sys.stderr.write(line)
        if sought and sought in line:
            sought = None
            # In the background it goes on until the shell ends.
            if "GAUGER_AT_WORK" in os.environ:
                Path(os.environ["GAUGER_AT_WORK"]).touch()
            else:
                process.terminate()
    patience.cancel()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
