"""A world without a broker: logs are lists, who reads them goes on, dies and comes back at random.

Everything random comes from one seed. Every message goes over the wire as frames; every state is
kept as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol

from models.accounts.partition import AccountPartition
from models.head.allowlist import AllowList
from models.head.partition import HeadPartition
from models.head.stage import Head, HeadOptions
from models.options import MemoryOptions
from models.requests.ingestion import BatchBuilder
from models.ties.partition import TiePartition
from tests.property.outbox import FINDINGS, Outbox
from tests.property.reader import ALERTS, SCORES, Partition, Reader, Saved
from tests.stream.traffic import SETTINGS, scored


@dataclass
class Odds:
    """How likely things are at each step, or for each frame.

    Attributes:
        crash: An actor dies; what it has not delivered is lost.
        takeover: Another takes an actor's place, which does not know it and goes on for a while.
        outage: Of those: share in which all actors die at once.
        repeat: A frame is delivered twice.
        cut: An actor saves its state, where it may.
        behind: A restart goes on from further back than it need: the offset was not committed.
    """

    crash: float = 0.0
    takeover: float = 0.0
    outage: float = 0.1
    repeat: float = 0.0
    cut: float = 0.06
    behind: float = 0.0
    most_disturbances: int = 48


class Actor(Protocol):
    """Who reads something, sends something, and may die."""

    name: str
    outbox: Outbox

    def step(self) -> bool:
        """Do one thing; False when there is nothing to do."""

    def restart(self) -> Actor:
        """Whoever goes on from what was saved; this one may do so too, without a say."""


class World:
    """Logs and actors, advanced in random order until nothing moves any more.

    Args:
        seed: Of all that is random.
        odds: What goes wrong, and how often.
    """

    def __init__(self, seed: int, odds: Odds | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.odds = odds or Odds()
        self.builder = BatchBuilder(SETTINGS.key.secret)
        self.logs: dict[str, list[bytes]] = {}
        self.actors: list[Actor] = []
        self.zombies: list[tuple[Actor, int]] = []
        self.disturbances = 0

    def add_stages(
        self,
        partitions: int,
        expected: Sequence[str],
        saved: Mapping[str, Saved] | None = None,
        memory: MemoryOptions = SETTINGS.memory,
    ) -> None:
        """The head, account partitions and tie partitions; they go on from what was saved."""
        epoch = SETTINGS.epoch
        allowed = AllowList((), self.builder.account_key, self.builder.owner_key)
        options = HeadOptions(
            epoch.seconds, epoch.lateness_seconds, SETTINGS.budget, SETTINGS.learning
        )

        def head() -> HeadPartition:
            return HeadPartition(Head(options, scored(), allowed), partitions, epoch, expected)

        kinds: dict[str, Callable[[], Partition]] = {FINDINGS: head}
        for number in range(partitions):
            accounts = partial(AccountPartition, number, partitions, epoch, memory)
            ties = partial(TiePartition, number, partitions, epoch, memory, scored())
            kinds |= {f"accounts/{number}": accounts, f"ties/{number}": ties}
        known = saved or {}
        self.actors += [Reader(self, name, make, known.get(name)) for name, make in kinds.items()]

    def run(self) -> None:
        """Go on until nothing moves."""
        while self.round():
            pass

    def round(self) -> bool:
        """Let everybody do something; whether anybody did."""
        moved = False
        for place in self.random.sample(range(len(self.actors)), len(self.actors)):
            moved |= self._advance(self.actors[place])
            moved |= self._disturb(place)
        zombies, self.zombies = self.zombies, []
        for zombie, left in zombies:
            self._advance(zombie)
            if left:
                self.zombies.append((zombie, left - 1))
        return moved or bool(zombies)

    def _advance(self, actor: Actor) -> bool:
        steps = sum(actor.step() for _ in range(self.random.randrange(1, 8)))
        return actor.outbox.deliver() or steps > 0

    def _disturb(self, place: int) -> bool:
        draw = self.random.random()
        if self.disturbances >= self.odds.most_disturbances:
            return False
        if draw >= self.odds.crash + self.odds.takeover:
            return False
        all_die = self.random.random() < self.odds.outage
        for one in range(len(self.actors)) if all_die else [place]:
            self._replace(one, goes_on=draw >= self.odds.crash)
        return True

    def _replace(self, place: int, *, goes_on: bool) -> None:
        self.disturbances += 1
        actor = self.actors[place]
        self.actors[place] = actor.restart()
        if goes_on:
            self.zombies.append((actor, self.random.randrange(1, 60)))

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Partitions by the name of their log."""
        return {actor.name: actor for actor in self.actors if isinstance(actor, Reader)}

    @property
    def alerts(self) -> list[bytes]:
        """Alert events as they came, repetitions included."""
        return self.logs.get(ALERTS, [])

    @property
    def scores(self) -> list[bytes]:
        """Score records as they came, repetitions included."""
        return self.logs.get(SCORES, [])


__all__ = ["Actor", "Odds", "Outbox", "Partition", "World"]
