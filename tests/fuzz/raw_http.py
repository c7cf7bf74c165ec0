"""A receiver that listens, and whoever sends it any bytes: what it answers, and that it lives on.

The receiver is the real one on a real socket, in a thread of its own; Kafka behind it takes all.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from tests.stream.receive.http import door

MOST_HELD = 64 * 1024
MOST_BODY = 16 * 1024

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LAST = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
"""What ends a conversation that is not ended, or waiting for more, before it."""
_PATIENCE = 30.0
_SILENCE = 0.3
_BODY_SECONDS = 0.1


class RawReceiver:
    """A receiver in a thread, as long as this process lives."""

    def __init__(self) -> None:
        self._address = ("127.0.0.1", 0)
        listens = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._listen(listens)), daemon=True).start()
        assert listens.wait(_PATIENCE)

    async def _listen(self, listens: threading.Event) -> None:
        async with door(
            most_body_bytes=MOST_BODY,
            most_unpacked_bytes=MOST_HELD // 2,
            most_held_bytes=MOST_HELD,
            body_seconds=_BODY_SECONDS,
        ) as one:
            host, port = one.serving.url.removeprefix("http://").split(":")
            self._address = host, int(port)
            listens.set()
            while True:
                await asyncio.sleep(1.0)
                # What was taken is looked at by nobody.
                one.kafka.records.clear()

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(self._address, _PATIENCE)

    def told(self, data: bytes, silence: float = _PATIENCE) -> bytes:
        """All that it answers to these bytes, until it hangs up, or is silent for so long."""
        answers = []
        with self.connect() as connection, suppress(ConnectionError, TimeoutError):
            # It need not hear all of what it refuses.
            connection.sendall(data + _LAST)
            connection.settimeout(silence)
            while answer := connection.recv(1 << 16):
                answers.append(answer)
        return b"".join(answers)

    def statuses(self, data: bytes, silence: float = _PATIENCE) -> list[int]:
        """The same, the statuses of its answers."""
        return [int(status) for status in _STATUS.findall(self.told(data, silence))]

    def held(self) -> float:
        """Bytes of bodies that it holds, by its metrics."""
        told = self.told(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
        [line] = [one for one in told.splitlines() if one.startswith(b"gauger_receive_held_bytes ")]
        return float(line.split()[1])


@cache
def receiver() -> RawReceiver:
    """The one of this process."""
    return RawReceiver()


def request(path: str, body: bytes = b"", *headers: str, method: str = "POST") -> bytes:
    """A request as it is on the wire, with the length of its body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(path: str, pieces: Sequence[bytes]) -> bytes:
    """The same in chunks."""
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b"")]
    return head + b"".join(body)


def talk(data: bytes) -> None:
    """Any bytes at the door: an answer or none, and never that something in it has failed."""
    for status in receiver().statuses(data, _SILENCE):
        assert status < 500 or status == 503, status
