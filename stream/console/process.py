"""The console as a process: what it reads, where it listens, how it ends."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import structlog

from schemas.formats import input_format
from stream.batches import builder_of
from stream.broker.names import TopicNames
from stream.clock import now
from stream.console.access import ROLES, Access, Proxy
from stream.console.application import Console
from stream.console.audit import AuditLog
from stream.console.book import Book
from stream.console.deciding import FileWriter, TopicWriter, Writer
from stream.console.live import Follower, followers, read_alerts_so_far
from stream.console.options import ConsoleOptions, faults
from stream.console.recorded import Files, read_findings, read_traffic
from stream.console.traffic import Traffic
from stream.console.views import Views
from stream.receive.delivery import Delivery
from stream.serving.server import serve, stop_signal, tls_context, tokens_of
from stream.serving.tokens import Tokens
from stream.settings import Settings, SettingsError

_log = structlog.get_logger()

_GRACE_SECONDS = 5.0
_DELIVERY_SECONDS = 10.0


def run_console(
    settings: Settings, options: ConsoleOptions, files: Files | None, form: str
) -> None:
    """Serve the page until told to stop.

    Args:
        settings: The operator's settings.
        options: Those of the console, with what the command line says.
        files: What a replay read and wrote; None: follow the topics.
        form: Input format of the recordings.

    Raises:
        SettingsError: Nobody may listen with these options, or a file of theirs cannot be used.
        RecordingError: A file cannot be opened.
        FailedRun: A file breaks off, no broker lets us in, or the port is taken.
    """
    problems = list(faults(options))
    if problems:
        raise SettingsError(problems)
    access, token = _access(options)
    context = tls_context(options, "console")
    traffic = Traffic(options.most_accounts, options.most_cells)
    book = Book(traffic, settings.epoch.seconds, most_accounts=options.most_accounts)
    if files is None:
        read_alerts_so_far(settings.kafka, book)
        work = followers(settings.kafka, book)
    else:
        read_findings(book, files)
        work = [_traffic_reader(settings, book, files, form)]
    book.note_reading("live" if files is None else "0%")
    asyncio.run(_serve(settings, options, files, book, work, access, context, token))


def _access(options: ConsoleOptions) -> tuple[Access, str]:
    """Who may come; and the token of whoever started us, where nobody was named."""
    names = frozenset(name.lower() for name in options.names)
    if options.is_local:
        names |= {"localhost", "127.0.0.1", "[::1]", options.host}
    proxy = None
    if options.user_header:
        proxy = Proxy(options.user_header, frozenset(options.analysts), frozenset(options.proxies))
    tokens = tokens_of(options, "console", ROLES)
    if tokens is not None or proxy is not None:
        return Access(tokens, proxy, names or None), ""
    token = secrets.token_urlsafe(24)
    digest = sha256(token.encode()).digest()
    local = Tokens({"local": digest}, {"local": "analyst"})
    return Access(local, None, names or None), token


def _traffic_reader(settings: Settings, book: Book, files: Files, form: str) -> Follower:
    decode, builder = input_format(form, settings.formats), builder_of(settings)
    return lambda stop: read_traffic(book, files, decode, builder, stop)


async def _serve(
    settings: Settings,
    options: ConsoleOptions,
    files: Files | None,
    book: Book,
    work: Sequence[Follower],
    access: Access,
    context: ssl.SSLContext | None,
    token: str,
) -> None:
    audit = AuditLog(Path(options.audit_file))
    # Before anybody is told that we listen: from then on we may be told to stop.
    told, stop = stop_signal(), Event()
    try:
        async with _writer(settings, files) as writer:
            secure = context is not None or not options.is_local
            views = Views(book, settings.budget)
            console = Console(book, views, access, audit, writer, secure=secure)
            server = await serve(console.application(), options, context, _GRACE_SECONDS)
            link = f"{server.url}/#token={token}" if token else server.url
            print(f"gauger console: {link}", flush=True)  # noqa: T201 - told once, to a person
            try:
                await _until_stopped(work, told, stop)
            finally:
                stop.set()
                await server.stop()
    finally:
        stop.set()
        audit.close()


async def _until_stopped(work: Sequence[Follower], told: asyncio.Event, stop: Event) -> None:
    """Do the work until told to stop; what fails in it ends us.

    Raises:
        FailedRun, UsageError: As the work does.
    """
    ended = asyncio.create_task(told.wait())
    doing = [asyncio.create_task(asyncio.to_thread(one, stop)) for one in work]
    waited: set[asyncio.Task[Any]] = {ended, *doing}
    try:
        while ended in waited:
            done, waited = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
    finally:
        stop.set()
        ended.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(ended, *doing)


@asynccontextmanager
async def _writer(settings: Settings, files: Files | None) -> AsyncIterator[Writer | None]:
    """Where verdicts go."""
    if files is None:
        topic = TopicNames.of(settings.kafka).feedback
        delivery = Delivery(settings.kafka, _DELIVERY_SECONDS)
        await delivery.start([topic])
        try:
            yield TopicWriter(delivery, topic, now)
        finally:
            await delivery.stop()
    elif files.feedback:
        writer = FileWriter(Path(files.feedback))
        try:
            yield writer
        finally:
            writer.close()
    else:
        yield None
