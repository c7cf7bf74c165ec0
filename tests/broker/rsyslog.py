"""An rsyslogd of our own: no port that is not asked for, no file outside its folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.broker.packages import Programs
from tests.broker.processes import BrokerProcess

_STOP_SECONDS = 20.0


class Rsyslog:
    """A running rsyslogd; a context manager that starts and stops it.

    Args:
        programs: Where it is.
        folder: An existing folder of its own.
        config: What it does, in its own language.
    """

    def __init__(self, programs: Programs, folder: Path, config: str) -> None:
        self._folder = folder
        self._config = folder / "rsyslog.conf"
        head = f'global(workDirectory="{folder}" maxMessageSize="256k")\n'
        self._config.write_text(head + config)
        command = [str(programs.rsyslogd), "-n", "-M", str(programs.rsyslog_modules)]
        command += ["-f", str(self._config), "-i", str(folder / "pid")]
        libraries = f"LD_LIBRARY_PATH={programs.environ['LD_LIBRARY_PATH']}"
        self._command = ["env", libraries, *command]
        checked = subprocess.run(
            [*self._command, "-N1"], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        self._process: BrokerProcess | None = None

    def __enter__(self) -> Self:
        self._process = BrokerProcess(self._command, self._folder / "rsyslog.log")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(_STOP_SECONDS)

    def log(self) -> str:
        """What it has said."""
        return (self._folder / "rsyslog.log").read_text(errors="replace")
