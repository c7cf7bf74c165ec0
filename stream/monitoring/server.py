"""The port of a process that tells of itself: /metrics, /healthz, /readyz.

It is served in a thread of its own, which answers also while all else stands still.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog
from aiohttp import web

from stream.errors import FailedRun
from stream.monitoring.exposition import CONTENT_TYPE
from stream.monitoring.health import Watched
from stream.monitoring.options import MetricsOptions
from stream.serving.listening import listening_faults
from stream.serving.server import serve, tls_context, tokens_of
from stream.serving.tokens import Tokens
from stream.settings import SettingsError

_SECTION = "metrics"
_PATIENCE_SECONDS = 1.0
_START_SECONDS = 30.0

_log = structlog.get_logger()


@contextmanager
def monitored(options: MetricsOptions, watched: Watched) -> Iterator[None]:
    """Serve what a process tells of itself until the block ends; without a port, do nothing.

    Raises:
        SettingsError: Nobody may listen with these options, or a file of theirs cannot be used.
        FailedRun: The port is taken.
    """
    if not options.port:
        yield
        return
    if problems := list(listening_faults(options, _SECTION)):
        raise SettingsError(problems)
    server = _Server(options, watched)
    server.start()
    try:
        yield
    finally:
        server.stop()


def monitor(watched: Watched, tokens: Tokens | None) -> web.Application:
    """What aiohttp serves. Health is told to anybody, metrics to whoever has a token."""

    async def metrics(request: web.Request) -> web.Response:
        if tokens is not None and tokens.client(request.headers.get("Authorization")) is None:
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return web.Response(body=watched.exposition(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(_: web.Request) -> web.Response:
        return _told(watched.faults(), "ok")

    async def readyz(_: web.Request) -> web.Response:
        return _told([*watched.faults(), *watched.waits()], "ready")

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    return application


def _told(reasons: list[str], well: str) -> web.Response:
    if reasons:
        return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))
    return web.Response(text=f"{well}\n")


class _Server:
    """The thread that serves."""

    def __init__(self, options: MetricsOptions, watched: Watched) -> None:
        self._options = options
        self._application = monitor(watched, tokens_of(options, _SECTION))
        self._context: ssl.SSLContext | None = tls_context(options, _SECTION)
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._begun = Event()
        self._failure: FailedRun | None = None
        # It must not keep a process alive that has failed.
        self._thread = Thread(target=self._run, name=_SECTION, daemon=True)

    def start(self) -> None:
        """Listen.

        Raises:
            FailedRun: The port is taken.
        """
        self._thread.start()
        self._begun.wait(_START_SECONDS)
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except FailedRun as error:
            self._failure = error
        finally:
            self._loop.close()
            self._begun.set()

    async def _serve(self) -> None:
        server = await serve(self._application, self._options, self._context, _PATIENCE_SECONDS)
        _log.info("metrics_served", url=f"{server.url}/metrics")
        self._begun.set()
        await self._end.wait()
        await server.stop()
