"""A server of HTTP: its TLS, its tokens, and connections that may not outstay their welcome."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakSet

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from stream.errors import FailedRun
from stream.serving.listening import ListenOptions
from stream.serving.tokens import Tokens, read_tokens
from stream.settings import SettingsError

_FIRST_REQUEST_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 75.0


def stop_signal() -> asyncio.Event:
    """Set once SIGTERM or Ctrl-C tells us to stop."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    return stop


class Serving:
    """A server that listens.

    Attributes:
        url: Where.
    """

    def __init__(self, runner: web.AppRunner, server: asyncio.Server, url: str) -> None:
        self._runner = runner
        self._server = server
        self.url = url

    async def stop(self) -> None:
        """Take no more connections, and let requests that were begun come to their end."""
        self._server.close()
        await self._runner.cleanup()


async def serve(
    application: web.Application,
    options: ListenOptions,
    context: ssl.SSLContext | None,
    patience: float,
) -> Serving:
    """Listen; at the end, requests that were begun have `patience` seconds to come to theirs.

    Raises:
        FailedRun: The port is taken, or the address is not ours.
    """
    served: WeakSet[Any] = WeakSet()

    @web.middleware
    async def remember(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.transport is not None:
            served.add(request.transport)
        response: web.StreamResponse = await handler(request)
        return response

    application.middlewares.insert(0, remember)
    runner = web.AppRunner(
        application,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        shutdown_timeout=patience,
    )
    await runner.setup()
    logging.getLogger("aiohttp.server").addFilter(_is_no_clients_fault)
    try:
        server = await asyncio.get_running_loop().create_server(
            _impatient(runner.server, served),
            options.host,
            options.port,
            ssl=context,
            ssl_handshake_timeout=_FIRST_REQUEST_SECONDS if context else None,
        )
    except OSError as error:
        await runner.cleanup()
        text = f"cannot listen on {options.host}, port {options.port}: {error.strerror}"
        raise FailedRun(text) from error
    host, port = server.sockets[0].getsockname()[:2]
    url = f"{'https' if context else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    return Serving(runner, server, url)


def _is_no_clients_fault(record: logging.LogRecord) -> bool:
    """Leaves out what is no HTTP: aiohttp logs its bytes, and a token may be among them."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _impatient(make: Any, served: WeakSet[Any]) -> Callable[[], Any]:
    """Connections that are closed when their first request does not come.

    aiohttp closes idle ones only between two requests.
    """

    def made() -> Any:
        connection = make()
        asyncio.get_running_loop().call_later(_FIRST_REQUEST_SECONDS, _close_if_silent, connection)
        return connection

    def _close_if_silent(connection: Any) -> None:
        transport = connection.transport
        if transport is not None and transport not in served:
            transport.abort()

    return made


def tokens_of(options: ListenOptions, section: str, roles: Sequence[str] = ()) -> Tokens | None:
    """Who is let in, in which of the roles; None: whoever reaches us.

    Raises:
        SettingsError: Their file cannot be used.
    """
    try:
        return read_tokens(Path(options.tokens_file), roles) if options.tokens_file else None
    except ValueError as error:
        raise SettingsError([f"{section}.tokens_file: {error}"]) from error


def tls_context(options: ListenOptions, section: str) -> ssl.SSLContext | None:
    """What TLS shows and asks for; None where connections are not encrypted.

    Raises:
        SettingsError: A file cannot be used.
    """
    if not options.certificate_file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty password instead of none: OpenSSL would ask for it at the terminal.
        context.load_cert_chain(options.certificate_file, options.key_file or None, password="")
    except (OSError, ValueError) as error:
        text = f"{section}.certificate_file: it and its key cannot be used: {error}"
        raise SettingsError([text]) from error
    if options.client_ca_file:
        try:
            context.load_verify_locations(options.client_ca_file)
        except OSError as error:
            text = f"{section}.client_ca_file: {options.client_ca_file} cannot be used: {error}"
            raise SettingsError([text]) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context
