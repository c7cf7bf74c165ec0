"""Collectors on loopback that keep what they are sent, and answer as a test tells them."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Request:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class WebCollector:
    """What an HTTP collector was sent; `answer` says what it answers."""

    port: int
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Answer] = lambda _: Answer()

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for request in self.requests]


@contextmanager
def web_collector(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[WebCollector]:
    """An HTTP collector, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, dict(self.headers), body)
            collector.requests.append(request)
            answer = collector.answer(request)
            # A client that was killed reads no answer.
            with suppress(ConnectionError):
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

        do_GET = do_POST  # noqa: N815 - a redirected POST would come as this

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that mistrusts us hangs up."""

    with Server(("127.0.0.1", port), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        collector = WebCollector(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


class StreamCollector:
    """Takes connections one after the other, and keeps what comes over each.

    Attributes:
        port: Where it listens.
        received: What came over each connection.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self._deaf = threading.Event()
        self._hears_nothing = threading.Event()
        self._over = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop_reading(self) -> None:
        """Read nothing more of this connection."""
        self._deaf.set()
        assert self._hears_nothing.wait(10)

    def hang_up(self) -> None:
        """End the connection; with something unread, its other end is told so."""
        self._over.set()
        assert self._closed.wait(10)

    def close(self) -> None:
        """Take nothing more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._over.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            for event in (self._over, self._closed, self._deaf, self._hears_nothing):
                event.clear()
            self.received.append(b"")
            with suppress(OSError), self._welcomed(accepted) as connection:
                self._read(connection)
            self._closed.set()

    def _welcomed(self, accepted: socket.socket) -> socket.socket:
        accepted.settimeout(5)
        if self._tls is None:
            return accepted
        with accepted:
            return self._tls.wrap_socket(accepted, server_side=True)

    def _read(self, connection: socket.socket) -> None:
        connection.settimeout(0.01)
        while not self._over.is_set():
            if self._deaf.is_set():
                self._hears_nothing.set()
                self._over.wait()
                continue
            try:
                data = connection.recv(65_536)
            except TimeoutError:
                continue
            if not data:
                return
            self.received[-1] += data


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether something holds before long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def counted(stream: bytes) -> list[bytes]:
    """Messages that stand each after its length."""
    messages = []
    while stream:
        length, _, rest = stream.partition(b" ")
        messages.append(rest[: int(length)])
        assert len(messages[-1]) == int(length)
        stream = rest[int(length) :]
    return messages


def server_tls(certificate: Path, ca: Path | None = None) -> ssl.SSLContext:
    """TLS of a collector with a key and certificate in one file; `ca`: it asks for clients'."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if ca is not None:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
