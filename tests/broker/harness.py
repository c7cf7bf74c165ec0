"""A Kafka broker for tests, benchmarks and chaos: one node, on loopback, ours to kill."""

from __future__ import annotations

import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient

from tests.broker.certificates import Certificates, make_certificates
from tests.broker.engines import QUICK, Engine, find_engine
from tests.broker.probe import answers
from tests.broker.processes import BrokerProcess
from tests.broker.properties import USERS, free_ports, write_properties

_READY_SECONDS = 120.0
_STOP_SECONDS = 60.0


class BrokerFailed(Exception):
    """The broker did not start; the message ends with the end of its log."""


class KafkaBroker:
    """A broker in KRaft mode; a context manager that starts and stops it.

    Args:
        folder: An existing folder of its own, for data, configuration and log.
        secured: Also listen for SASL over TLS and for TLS with client certificates.
        port: The port of the listener without security; None: a free one.
        host: The address of this machine on which it listens.
        engine: What runs it; None: what is found here.
        heap: Java's heap.
        quick: It starts with less work and is slower at length, as a test of seconds wants it.

    Attributes:
        bootstrap_servers: Where it listens without security.
        sasl_servers: Where it listens for SASL over TLS, PLAIN and SCRAM-SHA-512.
        tls_servers: Where it listens for TLS and asks for a client certificate.
        certificates: What clients of the last two need; None if not secured.
        data: Where it keeps its logs.
        users: The password of each user, named after the mechanism they log in with.

    Raises:
        NoBroker: Nothing here can run one.
    """

    users = USERS

    def __init__(
        self,
        folder: Path,
        *,
        secured: bool = False,
        port: int | None = None,
        host: str = "127.0.0.1",
        engine: Engine | None = None,
        heap: str = "512m",
        quick: bool = False,
    ) -> None:
        self._folder = folder.resolve()
        self.data = self._folder / "data"
        self._engine = engine or find_engine()
        self._java = (f"-Xmx{heap}", *([QUICK] if quick else []))
        ports = free_ports(port, host)
        self.bootstrap_servers = f"{host}:{ports.open}"
        self.sasl_servers = f"localhost:{ports.sasl}"
        self.tls_servers = f"localhost:{ports.tls}"
        self.certificates: Certificates | None = None
        if secured:
            self.certificates = make_certificates(self._folder / "certificates")
        self._properties = write_properties(self._folder, ports, self.certificates, host)
        self._process: BrokerProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether its process is alive, paused or not."""
        return self._process is not None and self._process.running

    def start(self) -> None:
        """Start it, with the data it had, and wait until it answers.

        Raises:
            BrokerFailed: It ends, or does not answer in time.
        """
        if not (self._folder / "data" / "meta.properties").exists():
            self._format()
        self._process = self._engine.start(
            self._folder, self._java, "kafka.Kafka", str(self._properties)
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End it in an orderly way; nothing if it does not run."""
        if self._process is not None and self._process.running:
            self._process.resume()
            self._process.terminate()
        self._ended()

    def kill(self) -> None:
        """End it at once, like a power cut."""
        if self._process is not None and self._process.running:
            self._process.kill()
        self._ended()

    def restart(self) -> None:
        """Stop it if it runs, and start it again on the same ports with the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Let it answer nothing, while all connections stay open."""
        self._alive().pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._alive().resume()

    def _alive(self) -> BrokerProcess:
        if self._process is None or not self._process.running:
            raise BrokerFailed("the broker does not run")
        return self._process

    def _ended(self) -> None:
        if self._process is not None:
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        scram = f"SCRAM-SHA-512=[name=scram,password={USERS['scram']}]"
        formatted = self._engine.run(
            self._folder,
            *("kafka.tools.StorageTool", "format", "--config", str(self._properties)),
            *(f"--cluster-id={cluster}", "--add-scram", scram),
        )
        if formatted.returncode:
            raise BrokerFailed(f"its storage cannot be formatted: {formatted.stdout[-2000:]}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._serves():
            if not self.running:
                raise BrokerFailed(f"the broker has ended:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise BrokerFailed(f"the broker does not answer:\n{self._log_end()}")
            time.sleep(0.1)

    def _serves(self) -> bool:
        """Whether it answers, and has told the cluster that it may be given work."""
        if not answers(self.bootstrap_servers):
            return False
        client = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            return bool(client.describe_cluster()["brokers"])
        finally:
            client.close()

    def _log_end(self) -> str:
        return (self._folder / "broker.log").read_text(errors="replace")[-4000:]
