"""Syslog collectors: `syslog+udp://host:port`, `syslog+tcp://…`, `syslog+tls://…`."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from stream.broker.security import tls_context
from stream.errors import UsageError
from stream.settings import Settings
from stream.sinks import Message, SinkRefused, SinkUnavailable
from stream.sinks._connection import Broken, Connection

SCHEMES = ("syslog+udp", "syslog+tcp", "syslog+tls")
FORMAT = "syslog"

_PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514}
# RFC 5424: facility 13 (log audit), severity 5 (notice), version 1; time, host, ids left out.
_HEADER = b"<109>1 - - gauger - - - "


class UdpSyslog:
    """A datagram a message. Nobody acknowledges one: what the network loses is lost.

    Args:
        host: Name or address of the collector.
        port: Its port.
    """

    most = 1

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._socket: socket.socket | None = None

    def send(self, messages: Sequence[Message]) -> None:
        """Send a datagram.

        Raises:
            SinkUnavailable: The host is unknown, or has said that nobody listens.
            SinkRefused: The message is longer than a datagram.
        """
        (message,) = messages
        try:
            if self._socket is None:
                self._socket = _datagrams_to(self._place)
            self._socket.send(_syslog(message.body))
        except OSError as error:
            self.close()
            if error.errno == errno.EMSGSIZE:
                raise SinkRefused(f"{len(message.body)} bytes are no datagram") from None
            raise SinkUnavailable(f"cannot be reached: {error}") from None

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class StreamSyslog:
    """Messages over a connection, each after its length (RFC 6587, 5425: octet counting).

    Syslog has no acknowledgement of its own. A message counts as sent when the collector's host has
    it; when a connection turns out to have ended with something unread, what was sent last over it
    is sent again.

    Args:
        host: Name or address of the collector.
        port: Its port.
        seconds: How long anything may take.
        tls: What TLS trusts and shows; None without it.
        most: Most messages that `send` takes.
    """

    def __init__(
        self, host: str, port: int, seconds: float, tls: ssl.SSLContext | None, most: int
    ) -> None:
        self.most = most
        self._place = host, port
        self._seconds = seconds
        self._tls = tls
        self._connection: Connection | None = None
        # Sent last: whether it was read is known only when the connection ends.
        self._latest = b""

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages, and wait until the collector's host has them.

        Raises:
            SinkUnavailable: It does not.
        """
        data = b"".join(_counted(_syslog(message.body)) for message in messages)
        again = b""
        try:
            if self._connection is not None and self._connection.ended():
                self.close()
                self._latest = b""
            if self._connection is None:
                self._connection = Connection(self._place, self._seconds, self._tls)
                again = self._latest
            self._connection.send(again + data)
        except (OSError, Broken) as error:
            self.close()
            raise SinkUnavailable(f"cannot be reached: {error}") from None
        self._latest = data

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def open_sink(scheme: str, address: str, settings: Settings) -> UdpSyslog | StreamSyslog:
    """A collector; without a port, at the usual one of its kind.

    Raises:
        UsageError: This is no host, or the files for TLS cannot be used.
    """
    host, port = _place(scheme, address)
    if scheme == "syslog+udp":
        return UdpSyslog(host, port)
    options = settings.forward
    try:
        tls = tls_context(options) if scheme == "syslog+tls" else None
    except ValueError as error:
        raise UsageError(f"forward.{error}") from error
    return StreamSyslog(host, port, options.timeout_seconds, tls, options.most_messages)


def _place(scheme: str, address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"{scheme}:{address}")
        host, port = parts.hostname, parts.port or _PORTS[scheme]
    except ValueError:
        host = None
    if not host or parts.path.strip("/") or parts.username is not None:
        raise UsageError(f"the sink is no collector, as {scheme}://host:port")
    return host, port


def _datagrams_to(place: tuple[str, int]) -> socket.socket:
    """A socket that learns whether its other end is there."""
    family, kind, protocol, _, found = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.connect(found)
    except OSError:
        made.close()
        raise
    return made


def _syslog(body: bytes) -> bytes:
    """A message as RFC 5424 has it; one that is so already stays as it is."""
    return body if body.startswith(b"<") else _HEADER + body


def _counted(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)
