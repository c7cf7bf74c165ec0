"""Life, readiness and metrics of a worker: its stages tell for ingest beside them.

Ingest, a child of theirs, writes a word about itself to its standard output every other second: a
line of JSON. So one port, one scrape and one probe show both, and when no word comes, that shows.
"""

from __future__ import annotations

import asyncio
import sys
from typing import IO, Any, NoReturn

import msgspec
from mode import Service

from stream.monitoring.exposition import Relayed, exposition
from stream.monitoring.health import Pulse
from stream.worker.application import Application
from stream.worker.ingest import Ingest

_BEAT_SECONDS = 2.0
_LONGEST_WORD = 8 << 20


class Word(msgspec.Struct, frozen=True):
    """What ingest says of itself.

    Attributes:
        partitions: How many topic partitions it reads.
        metrics: Its metrics, as text.
    """

    partitions: int
    metrics: str


class IngestVitals:
    """What ingest tells of itself.

    Args:
        ingest: Of whom.
        patience: Seconds after which it stands still.
    """

    def __init__(self, ingest: Ingest, patience: float) -> None:
        self._ingest = ingest
        self._pulse = Pulse(patience)

    async def beat_on(self) -> NoReturn:
        """Give signs of life, as long as the event loop turns."""
        while True:
            self._beat()
            await asyncio.sleep(_BEAT_SECONDS)

    async def speak_on(self, stream: IO[Any] = sys.stdout) -> NoReturn:
        """The same, and a word to the parent each time."""
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, stream)
        while True:
            self._beat()
            # A parent that is busy is not waited for: the next word will do.
            if not pipe.get_write_buffer_size():
                pipe.write(msgspec.json.encode(self._word()) + b"\n")
            await asyncio.sleep(_BEAT_SECONDS)

    def _beat(self) -> None:
        self._ingest.observe()
        self._pulse.beat()

    def _word(self) -> Word:
        return Word(self._ingest.partitions, self.exposition().decode())

    def faults(self) -> list[str]:
        """Why it can no longer move."""
        return self._pulse.faults("ingest")

    def waits(self) -> list[str]:
        """What it waits for."""
        return [] if self._ingest.partitions else ["no partition is assigned"]

    def exposition(self) -> bytes:
        """Its metrics."""
        return exposition(self._ingest.metrics.registry)


class WorkerVitals:
    """What the stages tell of themselves, and of ingest if it is beside them.

    Args:
        application: The stages.
        patience: Seconds after which a part stands still.
        beside: Whether ingest is expected beside them.
    """

    def __init__(self, application: Application, patience: float, *, beside: bool) -> None:
        self._application = application
        self._pulse = Pulse(patience)
        self._beside = beside
        self._word: Word | None = None
        self._word_pulse = Pulse(patience)
        self._relayed = Relayed()

    def beat(self) -> None:
        """A sign of life of the stages."""
        self._application.observe()
        self._application.metrics.ready.set(not self.waits())
        self._pulse.beat()

    def hear(self, line: bytes) -> None:
        """A word of ingest.

        Raises:
            msgspec.DecodeError: It is none.
        """
        self._word = msgspec.json.decode(line, type=Word)
        self._relayed.take(self._word.metrics)
        self._word_pulse.beat()

    def faults(self) -> list[str]:
        """Why the worker can no longer move."""
        roles = self._application.roles.values()
        return [
            *self._pulse.faults("stages"),
            *(self._word_pulse.faults("ingest") if self._beside else ()),
            *(f"agent {role.name} has ended" for role in roles if role.ended),
        ]

    def waits(self) -> list[str]:
        """What it waits for."""
        reasons = []
        if self._application.recovering:
            reasons.append("state is being read")
        if self._beside and self._word is None:
            reasons.append("ingest has not spoken yet")
        if not self._application.partitions + (self._word.partitions if self._word else 0):
            reasons.append("no partition is assigned")
        return reasons

    def exposition(self) -> bytes:
        """The metrics of both."""
        return exposition(self._application.metrics.registry, self._relayed)


class Beat(Service):
    """Gives the signs of life of the stages, and hears ingest.

    Args:
        vitals: Whose.
    """

    def __init__(self, vitals: WorkerVitals, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vitals = vitals

    @Service.task
    async def _beat_on(self) -> None:
        while not self.should_stop:
            self.vitals.beat()
            await self.sleep(_BEAT_SECONDS)


async def hear_words(stream: IO[bytes], vitals: WorkerVitals) -> None:
    """Hear ingest until it has ended.

    Args:
        stream: Its standard output.
        vitals: What hears it.
    """
    reader = asyncio.StreamReader(limit=_LONGEST_WORD)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
    while line := await reader.readline():
        vitals.hear(line)
