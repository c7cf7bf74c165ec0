"""The process of a worker."""

from __future__ import annotations

from collections.abc import Callable

import faust
import pytest

from stream.settings import Settings
from stream.worker import process


def test_a_worker_that_starts_writes_nothing_but_logs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = []

    def begin(worker: faust.Worker) -> None:
        begun.append(worker)
        worker._on_startup_end_spinner()

    monkeypatch.setattr(faust.Worker, "execute_from_commandline", begin)
    # It never returns but here, where the worker does not begin.
    run: Callable[[Settings, None], object] = process.run_stages
    run(Settings(), None)
    assert begun
    assert not capfd.readouterr().out
