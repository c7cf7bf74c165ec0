"""A connection for a protocol that acknowledges nothing: what can be known all the same."""

from __future__ import annotations

import fcntl
import select
import socket
import ssl
import struct
import termios
import time

from stream.clock import elapsed

_KEEP_ALIVE_SECONDS = 60
_LOOK_SECONDS = 0.001
_VERDICT_SECONDS = 0.2


class Broken(Exception):
    """The other end is gone, and had perhaps not read all that was sent."""


class Connection:
    """TCP, or TLS over it.

    Args:
        place: Host and port.
        seconds: How long anything may take.
        tls: What TLS trusts and shows; None without it.

    Raises:
        OSError: It cannot be made.
        Broken: The other end does not want us.
    """

    def __init__(self, place: tuple[str, int], seconds: float, tls: ssl.SSLContext | None) -> None:
        self._seconds = seconds
        self._socket = socket.create_connection(place, timeout=seconds)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                # Less than what firewalls and load balancers allow a silent connection.
                idle = _KEEP_ALIVE_SECONDS
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=place[0])
                self._wait_for_verdict()
        except BaseException:
            self._socket.close()
            raise

    def send(self, data: bytes) -> None:
        """Send all, and wait until the other host has acknowledged it.

        Raises:
            OSError: It could not be sent.
            Broken: The other end is gone.
        """
        self._socket.settimeout(self._seconds)
        self._socket.sendall(data)
        deadline = elapsed() + self._seconds
        while self._unacknowledged():
            if elapsed() > deadline:
                raise Broken("the other end does not acknowledge what was sent")
            time.sleep(_LOOK_SECONDS)
        if self.ended():
            raise Broken("the other end has hung up")

    def ended(self) -> bool:
        """Whether the other end has hung up in good order, which it does when it has read all.

        Raises:
            OSError, Broken: The connection has ended in another way.
        """
        self._socket.settimeout(0)
        try:
            while self._socket.recv(4_096):
                pass
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except ssl.SSLError as error:
            raise Broken(f"the other end refuses us: {error.reason}") from error
        return True

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _unacknowledged(self) -> int:
        """Bytes that the other host has not acknowledged."""
        left = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", left)[0])

    def _wait_for_verdict(self) -> None:
        """TLS 1.3 says only after the handshake that our certificate is not wanted."""
        select.select([self._socket], [], [], _VERDICT_SECONDS)
        if self.ended():
            raise Broken("the other end hangs up on us")
