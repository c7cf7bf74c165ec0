"""What can run Kafka's classes here: Docker, or plain Java with jars from Maven."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from tests.broker.jars import POM, NoBroker, broker_jars
from tests.broker.processes import BrokerProcess, DockerProcess

_OLDEST_JAVA = 17
QUICK = "-XX:TieredStopAtLevel=1"
"""Compile once and quickly: what runs for seconds is over before more would pay."""
_TOOL = ("-Xmx128m", QUICK)


class Engine(Protocol):
    """Runs a class of Kafka's, to its end or as the broker."""

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a tool of Kafka's that works in `folder`."""
        ...

    def start(self, folder: Path, java: Sequence[str], *arguments: str) -> BrokerProcess:
        """Start the broker that lives in `folder`, with options for Java."""
        ...


class JavaEngine:
    """Plain `java`.

    Raises:
        NoBroker: Java is missing or too old, or the jars cannot be had.
    """

    def __init__(self) -> None:
        self._java = _java()
        self._jars = broker_jars()

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _finished(self._command(folder, _TOOL, *arguments))

    def start(self, folder: Path, java: Sequence[str], *arguments: str) -> BrokerProcess:
        return BrokerProcess(self._command(folder, java, *arguments), folder / "broker.log")

    def _command(self, folder: Path, java: Sequence[str], *arguments: str) -> list[str]:
        return [
            *(self._java, *java, "-XX:+UseSerialGC"),
            f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
            *("-cp", f"{self._jars}/*", *arguments),
        ]


class DockerEngine:
    """The public image, of the version that pom.xml pins, in the host's network.

    Raises:
        NoBroker: No Docker engine answers.
    """

    def __init__(self) -> None:
        if shutil.which("docker") is None:
            raise NoBroker("Docker is not installed")
        if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
            raise NoBroker("no Docker engine answers")
        version = re.search(r"<kafka.version>(.*)</kafka.version>", POM.read_text())
        assert version is not None
        self._image = f"apache/kafka:{version[1]}"

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _finished(self._command(_name(), folder, _TOOL, *arguments))

    def start(self, folder: Path, java: Sequence[str], *arguments: str) -> BrokerProcess:
        name = _name()
        command = self._command(name, folder, java, *arguments)
        return DockerProcess(name, command, folder / "broker.log")

    def _command(self, name: str, folder: Path, java: Sequence[str], *arguments: str) -> list[str]:
        return [
            *("docker", "run", "--rm", "--network", "host", "--name", name),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{folder}:{folder}"),
            *("--entrypoint", "java", self._image, *java, "-XX:+UseSerialGC"),
            f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
            *("-cp", "/opt/kafka/libs/*", *arguments),
        ]


def find_engine() -> Engine:
    """Docker where an engine answers, else Java.

    Raises:
        NoBroker: There is neither; the message says why.
    """
    try:
        return DockerEngine()
    except NoBroker as error:
        no_docker = error
    try:
        return JavaEngine()
    except NoBroker as error:
        raise NoBroker(f"{no_docker}, and {error}") from error


def _name() -> str:
    return f"gauger-test-{uuid4().hex[:12]}"


def _finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise NoBroker("Java is not installed")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise NoBroker(f"Java is older than {_OLDEST_JAVA}")
    return java
