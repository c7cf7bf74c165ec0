"""Sources of the world: recordings that are read block by block, facts, and rests in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.head.verdicts import verdict_of
from models.sources.facts_partition import Fact, FactsPartition
from models.sources.feedback_partition import FeedbackPartition, PlacedVerdict
from models.sources.source_partition import SourceMark, SourcePartition
from models.wire.codec import Assembler, read_frame
from models.wire.state import decode_state, encode_state
from schemas.codec import decode_facts, decode_requests
from tests.property.outbox import CONTROL, Outbox
from tests.property.world import World
from tests.stream.traffic import SETTINGS

_MOST_LINES = 120
_WRITES = 0.1


@dataclass
class Recording:
    """The records of a source, as far as they are there yet, and where its reader stood."""

    lines: Sequence[bytes]
    end: int | None
    there: int
    saved: bytes | None = None

    @classmethod
    def whole(cls, lines: Sequence[bytes], end: int) -> Recording:
        """All is there, and after it a mark of its end at this time (microseconds)."""
        return cls(lines, end, len(lines) + 1)


class Requests:
    """Reads a recording; waits to be admitted, rests at its end, joins again when more comes."""

    def __init__(self, world: World, name: str, partitions: int, recording: Recording) -> None:
        self.name = name
        self.outbox = Outbox(world)
        self.recording = recording
        self.source = SourcePartition(name, partitions, SETTINGS.epoch)
        self._world = world
        self._partitions = partitions
        self._has_say = True
        self._resting = False
        self._heard = len(world.logs.setdefault(CONTROL, []))
        self._assembler = Assembler()
        if recording.saved is not None:
            self.source.load(decode_state(recording.saved))
        self.outbox.send(self.source.join())

    def step(self) -> bool:
        """Hear the head, then read a block, or save, or rest."""
        heard = self._hear()
        if self.source.is_held:
            return heard
        if self.source.position + 1 >= self.recording.there:
            return self._rest() or heard
        if self._resting:
            self._resting = False
            self.outbox.send(self.source.join())
            return True
        self._read()
        if self._has_say and self._world.random.random() < self._world.odds.cut:
            self._save()
        return True

    def _hear(self) -> bool:
        log = self._world.logs[CONTROL]
        heard = self._heard < len(log)
        for frame in log[self._heard :]:
            message = self._assembler.add(read_frame(frame))
            if message is not None:
                self.source.hear(message)
        self._heard = len(log)
        return heard

    def _read(self) -> None:
        start, recording = self.source.position + 1, self.recording
        if start == len(recording.lines):
            assert recording.end is not None
            end = SourceMark(recording.end, start, end=True)
            self.outbox.send(self.source.read(None, (), (), start, [end]))
            return
        stop = start + self._world.random.randrange(1, _MOST_LINES)
        lines = list(recording.lines[start : min(stop, recording.there)])
        decoded = decode_requests(lines)
        batch = self._world.builder.build(decoded.events)
        positions = [start + row for row in decoded.rows]
        records = [lines[row] for row in decoded.rows]
        self.outbox.send(self.source.read(batch, positions, records, start + len(lines) - 1))

    def _save(self) -> None:
        self.outbox.send(self.source.tell())
        self.outbox.drain()
        self.recording.saved = encode_state(self.source.dump())

    def _rest(self) -> bool:
        """A recording that may go on later is idle at its end; all of it is saved by then."""
        if self._resting or self.recording.end is not None:
            return False
        if self._has_say:
            self._save()
        self.outbox.send(self.source.tell("idle"))
        self._resting = True
        return True

    def restart(self) -> Requests:
        """Whoever takes the source over."""
        self._has_say = False
        return Requests(self._world, self.name, self._partitions, self.recording)


class FactsSource:
    """Reads facts; tells of them once all that is there was read."""

    def __init__(self, world: World, name: str, partitions: int, recording: Recording) -> None:
        self.name = name
        self.outbox = Outbox(world)
        self.source = self._partition(name, partitions)
        self._world = world
        self._partitions = partitions
        self.recording = recording
        self._has_say = True
        self._told = False
        if recording.saved is not None:
            self.source.load(decode_state(recording.saved))

    def step(self) -> bool:
        """Read a block of facts, or tell of them."""
        start, lines = self.source.position + 1, self.recording.lines
        if start >= len(lines):
            return self._tell()
        stop = min(start + self._world.random.randrange(1, 9), len(lines))
        facts = [self._fact(place, lines[place]) for place in range(start, stop)]
        self.outbox.send(self.source.read(facts, stop - 1))
        return True

    def _partition(self, name: str, partitions: int) -> Any:
        return FactsPartition(name, partitions)

    def _fact(self, place: int, line: bytes) -> Any:
        record, builder = decode_facts(line), self._world.builder
        values: dict[str, Any] = builder.fact_values(record)
        key = builder.account_key(record.account)
        fact: Fact = (place, key, round(float(record.time) * 1e6), values)
        return fact

    def _tell(self) -> bool:
        if self._told:
            return False
        self._told = True
        self.outbox.send(self.source.tell())
        if self._has_say:
            self.outbox.drain()
            self.recording.saved = encode_state(self.source.dump())
        return True

    def restart(self) -> FactsSource:
        """Whoever takes the source over."""
        self._has_say = False
        return type(self)(self._world, self.name, self._partitions, self.recording)


class FeedbackSource(FactsSource):
    """Reads verdicts, as facts are read."""

    def _partition(self, name: str, partitions: int) -> FeedbackPartition:
        return FeedbackPartition(name)

    def _fact(self, place: int, line: bytes) -> PlacedVerdict:
        return place, *verdict_of(line)


class Gateway:
    """Writes recordings bit by bit, with pauses in which their readers rest."""

    name = "gateway"

    def __init__(self, world: World, recordings: Sequence[Recording]) -> None:
        self.outbox = Outbox(world)
        self._world = world
        self.recordings = recordings

    def step(self) -> bool:
        """Write some records, or pause."""
        random = self._world.random
        unfinished = [one for one in self.recordings if one.there < len(one.lines)]
        if unfinished and random.random() < _WRITES:
            recording = random.choice(unfinished)
            recording.there = min(recording.there + random.randrange(1, 200), len(recording.lines))
        return bool(unfinished)

    def restart(self) -> Gateway:
        """Gateways do not die here."""
        return self
