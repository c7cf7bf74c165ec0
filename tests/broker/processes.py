"""Processes of a broker that never outlive the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path


class BrokerProcess:
    """A running broker that is our own child.

    A keeper beside it holds the other end of a pipe from us. However we die, the pipe closes, and
    the keeper ends the broker.

    Args:
        command: What to run.
        log: Where its output is appended.
    """

    def __init__(self, command: list[str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # An interrupt at the terminal is for the tests alone: they end the broker.
                start_new_session=True,
            )
        self._keeper = subprocess.Popen(
            ["sh", "-c", 'cat > /dev/null; exec "$@" 2> /dev/null', "keeper", *self._last_will()],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, like a power cut."""
        os.kill(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Let it answer nothing, while its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, seconds: float) -> None:
        """Wait for its end after `terminate` or `kill`; kill it when it takes too long."""
        # The keeper goes first: once the broker is reaped, its id may be another's.
        self._keeper.kill()
        self._keeper.communicate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def _last_will(self) -> list[str]:
        return ["kill", "-KILL", str(self.pid)]


class DockerProcess(BrokerProcess):
    """The same in a container, whose client passes no signal on.

    Args:
        name: The container's name.
        command: The `docker run` that starts it.
        log: Where its output is appended.
    """

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self._name = name
        super().__init__(command, log)

    def terminate(self) -> None:
        self._docker("kill", "--signal=TERM", self._name)

    def kill(self) -> None:
        self._docker("kill", self._name)

    def pause(self) -> None:
        self._docker("pause", self._name)

    def resume(self) -> None:
        # Docker refuses what is not paused; a signal would not mind.
        self._docker("unpause", self._name, check=False)

    def _last_will(self) -> list[str]:
        return ["docker", "rm", "--force", self._name]

    @staticmethod
    def _docker(*arguments: str, check: bool = True) -> None:
        subprocess.run(["docker", *arguments], capture_output=True, check=check)
