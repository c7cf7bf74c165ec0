"""A question to a broker in its own protocol, with no client's retries around it."""

from __future__ import annotations

import socket
import struct

# Length, ApiVersions, version 0, correlation 7, no client id.
_QUESTION = struct.pack(">ihhih", 10, 18, 0, 7, -1)


def answers(servers: str, seconds: float = 1.0) -> bool:
    """Whether a broker answers there, without security, within the seconds given."""
    host, port = servers.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), seconds) as connection:
            connection.sendall(_QUESTION)
            answer = connection.recv(8, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(answer) == 8 and struct.unpack(">ii", answer)[1] == 7
