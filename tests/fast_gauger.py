"""`gauger` without its start: a process that has all loaded, and forks for each command.

python -m tests.fast_gauger SOCKET
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any

import stream.worker.process  # noqa: F401 - `gauger worker` imports it, and it takes seconds
from stream.cli import main
from stream.warm import load_kernels


def serve(path: str) -> None:
    """Run commands until it is stopped."""
    load_kernels()
    # Whoever has ended is waited for by nobody.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                _run(client)
            client.close()


def _run(client: socket.socket) -> None:
    status = 1
    try:
        head, descriptors, _, _ = socket.recv_fds(client, 4, 3)
        task = _received(client, int.from_bytes(head, "big"))
        for place, descriptor in enumerate(descriptors):
            os.dup2(descriptor, place)
        os.chdir(task["folder"])
        os.environ.clear()
        os.environ.update(task["environ"])
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        client.sendall(os.getpid().to_bytes(4, "big"))
        status = main(task["words"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        client.sendall(bytes([status]))
        os._exit(0)


def _received(client: socket.socket, size: int) -> Any:
    data = b""
    while len(data) < size:
        data += client.recv(size - len(data))
    return json.loads(data)


if __name__ == "__main__":
    serve(sys.argv[1])
