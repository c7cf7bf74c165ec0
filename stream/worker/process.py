"""The worker's processes: the stages, and ingest as a child that lives exactly as long.

Either may fail; the other then ends too, and the exit status says so. A supervisor (systemd, a
container platform) starts the worker again, and it goes on from its checkpoints.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

import faust
import structlog
from mode import Service

from stream.errors import FailedRun
from stream.monitoring.server import monitored
from stream.settings import Settings
from stream.warm import load_kernels
from stream.worker.application import Application, OutboxService
from stream.worker.ingest import Ingest
from stream.worker.vitals import Beat, IngestVitals, WorkerVitals, hear_words

_log = structlog.get_logger()

FAILED = 1


def fail(error: BaseException | None) -> NoReturn:
    """End the process at once: what is in memory is not worth keeping, the checkpoints are."""
    trace = "".join(traceback.format_exception(error)) if error is not None else ""
    _log.error("worker_failed", reason=repr(error), trace=trace)
    sys.stderr.flush()
    os._exit(FAILED)


class IngestProcess(Service):
    """Ingest in a process of its own.

    Args:
        command: The command line that runs it.
        vitals: What hears its words; None: it says none.
    """

    def __init__(self, command: Sequence[str], vitals: WorkerVitals | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._command = command
        self._vitals = vitals
        self._child: subprocess.Popen[bytes] | None = None

    async def on_start(self) -> None:
        """Start it; its standard input ends when this process does."""
        words = subprocess.PIPE if self._vitals else None
        self._child = subprocess.Popen(  # noqa: S603, ASYNC220
            self._command, stdin=subprocess.PIPE, stdout=words
        )
        if self._vitals and self._child.stdout:
            self.add_future(hear_words(self._child.stdout, self._vitals))

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(0.2)
            status = self._child.poll() if self._child else None
            if status is not None and not self.should_stop:
                fail(FailedRun(f"ingest has ended with status {status}"))

    async def on_stop(self) -> None:
        """Let it finish: it saves where it stands."""
        child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()
            await asyncio.to_thread(child.wait)


def run_stages(settings: Settings, ingest_command: Sequence[str] | None) -> NoReturn:
    """Run the stages, and ingest beside them where a command for it is given, until told to stop.

    Raises:
        SystemExit: Always, once it has started; 0 after SIGTERM or SIGINT.
        SettingsError: Nobody may listen where metrics are to be served.
        FailedRun: The port for them is taken.
    """
    load_kernels()
    application = Application(settings, fail)
    services: list[Service] = [OutboxService(application)]
    metrics, beside = settings.metrics, ingest_command is not None
    vitals = WorkerVitals(application, metrics.stuck_seconds, beside=beside)
    if metrics.port:
        services.append(Beat(vitals))
    if ingest_command is not None:
        services.append(IngestProcess(ingest_command, vitals if metrics.port else None))
    worker = faust.Worker(
        application.faust,
        *services,
        quiet=True,
        redirect_stdouts=False,
        loglevel="WARNING",
        override_logging=False,
    )
    # It writes control sequences even where no person is reading, into what collectors parse.
    worker.spinner = None
    with monitored(metrics, vitals):
        worker.execute_from_commandline()


def run_ingest(settings: Settings, *, with_parent: bool) -> None:
    """Run ingest until told to stop, or until standard input ends (`with_parent`).

    Raises:
        SettingsError: Nobody may listen where metrics are to be served.
        FailedRun: Half of what comes is bad, or the port for metrics is taken.
        KafkaError: The broker cannot be used any more.
    """
    load_kernels()
    asyncio.run(_ingest(settings, with_parent=with_parent))


async def _ingest(settings: Settings, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    ingest, metrics = Ingest(settings), settings.metrics
    vitals = IngestVitals(ingest, metrics.stuck_seconds)
    running = asyncio.create_task(ingest.run())
    for one in (signal.SIGTERM, signal.SIGINT):
        # A supervisor may signal both processes: with a parent, the parent says when to end.
        loop.add_signal_handler(one, lambda: None if with_parent else running.cancel())
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), lambda: _ended(loop, running))
    speaks = with_parent and metrics.port
    telling = asyncio.create_task(vitals.speak_on() if speaks else vitals.beat_on())
    if with_parent:
        # The parent serves what it is told.
        metrics = replace(metrics, port=0)
    with monitored(metrics, vitals):
        try:
            await running
        except asyncio.CancelledError:
            _log.info("ingest_stopped")
        finally:
            telling.cancel()


def _ended(loop: asyncio.AbstractEventLoop, running: asyncio.Task[None]) -> None:
    if not os.read(sys.stdin.fileno(), 1):
        loop.remove_reader(sys.stdin.fileno())
        running.cancel()
