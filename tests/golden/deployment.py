"""A deployment cut off in the midst of its work: logs, checkpoints, and where sources stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.wire.arrays import decode_values, encode_values
from models.wire.codec import Assembler, read_frame, to_frames
from models.wire.protocol import Forget
from tests.golden.recorded import PARTITIONS, facts, feedback, lines
from tests.property.reader import Reader, Saved
from tests.property.sources import FactsSource, FeedbackSource, Recording, Requests
from tests.property.world import Odds, World
from tests.rounds import Rounds
from tests.stream.traffic import DAY, START

SOURCES = ("requests/0", "requests/1")
FACTS, FEEDBACK = "facts/0", "feedback/0"
END = (START + 5 * DAY) * 1_000_000
_SEED = 1


@dataclass
class Deployment:
    """What is left when every process dies at once, and how many alerts had been raised by then."""

    logs: dict[str, list[bytes]]
    saved: dict[str, Saved]
    standings: dict[str, bytes]
    alerts: int

    def encode(self) -> bytes:
        """MessagePack of it all; logs from the first record that must be read again."""
        saved = {name: [one.closing, one.rounds.pieces] for name, one in self.saved.items()}
        return encode_values([self.logs, saved, self.standings, self.alerts])

    @classmethod
    def decode(cls, data: bytes) -> Deployment:
        """What `encode` made bytes of."""
        logs, saved, standings, alerts = decode_values(data)
        checkpoints = {
            name: Saved(closing, Rounds(pieces)) for name, (closing, pieces) in saved.items()
        }
        return cls(logs, checkpoints, standings, alerts)


def started(seed: int, left: Deployment | None = None) -> World:
    """The deployment from its beginning, or from what was left of it."""
    world = World(seed, Odds(cut=0.3))
    saved: dict[str, Saved] = {}
    standings: Mapping[str, bytes] = {}
    if left is not None:
        world.logs |= {name: list(frames) for name, frames in left.logs.items()}
        saved, standings = left.saved, left.standings
    world.add_stages(PARTITIONS, [*SOURCES, FACTS, FEEDBACK], saved)
    for number, name in enumerate(SOURCES):
        recording = Recording.whole(lines()[number :: len(SOURCES)], END)
        recording.saved = standings.get(name)
        world.actors.append(Requests(world, name, PARTITIONS, recording))
    told = Recording(facts(), None, len(facts()), standings.get(FACTS))
    world.actors.append(FactsSource(world, FACTS, PARTITIONS, told))
    said = Recording(feedback(), None, len(feedback()), standings.get(FEEDBACK))
    world.actors.append(FeedbackSource(world, FEEDBACK, PARTITIONS, said))
    return world


def cut_off() -> Deployment:
    """A deployment that has raised an alert, and has saved wholes and changes."""
    world = started(_SEED)
    while not world.alerts or not all(has_saved(actor) for actor in world.actors):
        assert world.round()
    readers = world.readers
    return Deployment(
        {name: world.logs[name][reader._saved.start :] for name, reader in readers.items()},
        {name: reader._saved for name, reader in readers.items()},
        dict(_standings(world)),
        len(set(world.alerts)),
    )


def has_saved(actor: object) -> bool:
    if isinstance(actor, Reader):
        return actor._saved.closing is not None
    return not isinstance(actor, Requests) or actor.recording.saved is not None


def _standings(world: World) -> Iterator[tuple[str, bytes]]:
    for actor in world.actors:
        if isinstance(actor, Requests) and actor.recording.saved is not None:
            yield actor.name, actor.recording.saved
        if isinstance(actor, FactsSource) and actor.recording.saved is not None:
            yield actor.name, actor.recording.saved


def messages() -> dict[str, list[bytes]]:
    """The frames of the largest message of every kind that a deployment sends."""
    world = started(_SEED)
    world.run()
    found = {"Forget": to_frames(Forget(7, "user-7"))}
    for log in world.logs.values():
        assembler = Assembler()
        for message in map(assembler.add, map(read_frame, _whole(log))):
            kind = type(message).__name__
            frames = [] if message is None else to_frames(message)
            if sum(map(len, frames)) > sum(map(len, found.get(kind, []))):
                found[kind] = frames
    return dict(sorted(found.items()))


def _whole(frames: list[bytes]) -> Iterator[bytes]:
    """Alerts and scores are no frames."""
    return (frame for frame in frames if not frame.startswith(b"{"))
