"""Who reads the log of a partition in the world, saves its state, and comes back from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.accounts.partition import AccountPartition
from models.head.partition import Decided, HeadPartition
from models.ties.partition import TiePartition
from models.wire.checkpoint import Cut
from models.wire.codec import Assembler, read_frame
from models.wire.state import decode_state, encode_state
from schemas.codec import encode
from tests.property.outbox import Outbox
from tests.rounds import Rounds

if TYPE_CHECKING:
    from tests.property.world import World

Partition = AccountPartition | TiePartition | HeadPartition
ALERTS, SCORES = "alerts", "scores"

_GONE = 300
"""Records after which the rest of a message will not come any more."""


@dataclass
class Saved:
    """What outlives a reader: its last checkpoint, and where its log must be read again from."""

    closing: bytes | None = None
    rounds: Rounds[bytes] = field(default_factory=Rounds)
    done: set[int] = field(default_factory=set)
    start: int = 0
    start_before: int = 0

    def take(self, held: Held) -> None:
        """Take a cut and the places in the log of the records that it settles."""
        self.rounds.take(held.cut, held.pieces)
        self.closing = held.closing
        self.done.update(held.places)
        self.start_before = self.start
        while self.start in self.done:
            self.start += 1


class Held:
    """A cut that is written while its partition goes on, and what it was when it was made."""

    def __init__(self, cut: Cut, places: Sequence[int]) -> None:
        self.cut = cut
        self.places = places
        self.pieces, self.closing = _encoded(cut)

    @property
    def unchanged(self) -> bool:
        """Whether it still is what it was."""
        return _encoded(self.cut) == (self.pieces, self.closing)


def _encoded(cut: Cut) -> tuple[list[bytes], bytes]:
    return [encode_state(piece) for piece in cut.pieces], encode_state(cut.closing)


class Reader:
    """One partition behind its log.

    What it saves now and then is written by the time that it saves again: whoever takes over before
    goes on from the save before.
    """

    def __init__(
        self, world: World, name: str, make: Callable[[], Partition], saved: Saved | None = None
    ) -> None:
        self.name = name
        self.outbox = Outbox(world)
        self.partition = make()
        self._world = world
        self._make = make
        self._saved = Saved() if saved is None else saved
        self._assembler = Assembler()
        self._places: dict[bytes, list[int]] = {}
        self._received: deque[list[int]] = deque()
        self._held: Held | None = None
        self._has_say = True
        self._begin()

    def _begin(self) -> None:
        saved = self._saved
        behind = self._world.random.random() < self._world.odds.behind
        self._next = saved.start_before if behind else saved.start
        if saved.closing is not None:
            pieces = [decode_state(piece) for piece in saved.rounds.pieces]
            self.partition.restore(decode_state(saved.closing), pieces)
        if isinstance(self.partition, HeadPartition):
            self._give_out(self.partition.begin())

    def step(self) -> bool:
        """Read a record; now and then save."""
        log = self._world.logs.setdefault(self.name, [])
        if self._next >= len(log):
            return False
        frame = read_frame(log[self._next])
        places = [*self._places.pop(frame.digest, []), self._next]
        self._next += 1
        message = self._assembler.add(frame, self._next)
        if message is None:
            self._places[frame.digest] = places
            return True
        self._received.append(places)
        may_cut = self._receive(message)
        if may_cut and self._has_say and self._world.random.random() < self._world.odds.cut:
            self._write()
            self._hold()
        return True

    def _receive(self, message: Any) -> bool:
        if isinstance(self.partition, HeadPartition):
            decided = self.partition.receive(message)
            self._give_out(decided)
            return decided.concluded
        self.outbox.send(self.partition.receive(message))
        return self.partition.has_news

    def _give_out(self, decided: Decided) -> None:
        for alert in decided.alerts:
            self.outbox.put(ALERTS, encode(alert))
        for score in decided.scores:
            self.outbox.put(SCORES, encode(score))
        self.outbox.send(decided.sent)

    def cut(self) -> None:
        """Save at once."""
        self._hold()
        self._write()

    def _hold(self) -> None:
        """Make a cut: all that was sent so far is delivered first."""
        self.outbox.drain()
        if isinstance(self.partition, HeadPartition):
            cut = self.partition.cut()
        else:
            first = self._saved.closing is None
            cut = self.partition.cut(whole=first or self._world.random.random() < 0.2)
        settled = [self._received.popleft() for _ in range(cut.settled)] + self._orphans()
        self._held = Held(cut, [place for places in settled for place in places])

    def _write(self) -> None:
        """Save the cut that is held."""
        if self._held is not None:
            assert self._held.unchanged, f"{self.name}: a cut has changed with its partition"
            self._saved.take(self._held)
            self._held = None

    def _orphans(self) -> list[list[int]]:
        """Records of messages whose sender died half way."""
        gone = self._assembler.give_up(self._next - _GONE)
        return [self._places.pop(digest) for digest in gone]

    def restart(self) -> Reader:
        """Whoever takes the partition over."""
        self._has_say = False
        return Reader(self._world, self.name, self._make, self._saved)

    def as_restored(self) -> Partition:
        """What the last checkpoint and the rest of the log make."""
        apart = type(self._world)(self._world.seed)
        apart.logs[self.name] = self._world.logs[self.name]
        again = Reader(apart, self.name, self._make, self._saved)
        again._has_say = False
        while again.step():
            pass
        return again.partition
