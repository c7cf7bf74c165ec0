"""Has `tests.documentation.fast_gauger` run a command; standard library alone, so that it is quick.

Commands that run until they are stopped are stopped once they have said that they are at work.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

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
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(os.environ["GAUGER_SOCKET"])
        task = json.dumps({"words": words, "folder": str(Path.cwd()), "environ": dict(os.environ)})
        socket.send_fds(server, [len(task.encode()).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(task.encode())
        return server.recv(1)[0]


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
