"""The receiver as a process: what it needs, where it listens, how it ends."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakSet

import structlog
from aiohttp import web

from schemas.formats import input_format
from schemas.reading.paths import FormatPaths
from stream.broker.names import TopicNames
from stream.edge import Sketcher
from stream.errors import FailedRun
from stream.receive.application import Receiver, Sketch
from stream.receive.delivery import Delivery
from stream.receive.intake import sketched
from stream.receive.options import ReceiveOptions, faults
from stream.receive.tally import Tally
from stream.receive.tokens import Tokens, read_tokens
from stream.settings import Settings, SettingsError

_log = structlog.get_logger()

_FIRST_REQUEST_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 75.0
_GRACE_SECONDS = 5.0


def run_receiver(settings: Settings, options: ReceiveOptions) -> None:
    """Receive until told to stop; what was begun by then is brought to its end.

    Raises:
        SettingsError: Nobody may listen with these options, or a file of theirs cannot be used.
        FailedRun: No broker lets us in, a topic is missing, or the port is taken.
    """
    problems = list(faults(options, settings.kafka.input_format))
    if problems:
        raise SettingsError(problems)
    try:
        tokens = read_tokens(Path(options.tokens_file)) if options.tokens_file else None
    except ValueError as error:
        raise SettingsError([f"receive.tokens_file: {error}"]) from error
    asyncio.run(_receive(settings, options, tokens, tls_context(options)))


async def _receive(
    settings: Settings,
    options: ReceiveOptions,
    tokens: Tokens | None,
    context: ssl.SSLContext | None,
) -> None:
    names, tally = TopicNames.of(settings.kafka), Tally()
    sketch = sketching(Sketcher(settings.key), settings.formats) if options.sketch else None
    delivery = Delivery(settings.kafka, options.delivery_seconds)
    await delivery.start([names.requests[0], names.facts, names.feedback])
    receiver = Receiver(options, settings.kafka, delivery, tokens, sketch, tally)
    telling = asyncio.create_task(tally.tell_on())
    try:
        server = await serve(receiver.application(), options, context)
        try:
            await _told_to_stop()
        finally:
            await server.stop()
    finally:
        telling.cancel()
        await delivery.stop()
        tally.tell()
        _log.info("receiving_stopped")


def sketching(sketcher: Sketcher, paths: FormatPaths | None = None) -> Sketch:
    """What sketches records of any format; `paths` say where fields stand that it cannot know."""
    return lambda name, bodies: sketched(bodies, input_format(name, paths), sketcher)


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    await stop.wait()


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
    application: web.Application, options: ReceiveOptions, context: ssl.SSLContext | None
) -> Serving:
    """Listen.

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
        shutdown_timeout=options.body_seconds + options.delivery_seconds + _GRACE_SECONDS,
    )
    await runner.setup()
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
    _log.info("receiving", url=url, sketches=options.sketch)
    return Serving(runner, server, url)


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


def tls_context(options: ReceiveOptions) -> ssl.SSLContext | None:
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
        text = f"receive.certificate_file: it and its key cannot be used: {error}"
        raise SettingsError([text]) from error
    if options.client_ca_file:
        try:
            context.load_verify_locations(options.client_ca_file)
        except OSError as error:
            text = f"receive.client_ca_file: {options.client_ca_file} cannot be used: {error}"
            raise SettingsError([text]) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context
