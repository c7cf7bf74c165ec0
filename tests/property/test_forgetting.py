"""However a world goes, an account that is to be forgotten is gone from all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.accounts.partition import AccountPartition
from models.head.partition import HeadPartition
from models.ties.partition import TiePartition
from models.wire.codec import to_frames
from models.wire.protocol import Forget
from tests.property.test_protocol import CRASHES, UNDISTURBED, new_world
from tests.property.world import Odds, Outbox, Partition, World

NAME = "mule-3"
PARTITIONS = 3


class Eraser:
    """Asks for an account to be forgotten, once its partition's log is so long."""

    name = "eraser"

    def __init__(self, world: World, after: int) -> None:
        self.outbox = Outbox(world)
        self._world = world
        self._after = after
        self._asked = False

    def step(self) -> bool:
        log = log_of(self._world)
        if self._asked or len(self._world.logs.get(log, [])) < self._after:
            return False
        self._asked = True
        ask(self._world)
        return True

    def restart(self) -> Eraser:
        return self


def key_of(world: World) -> int:
    return world.builder.account_key(NAME)


def log_of(world: World) -> str:
    return f"accounts/{key_of(world) % PARTITIONS}"


def ask(world: World) -> None:
    world.logs.setdefault(log_of(world), []).extend(to_frames(Forget(key_of(world), NAME)))


def known(partition: Partition) -> Iterator[int]:
    """Accounts that a partition keeps anything of."""
    if isinstance(partition, AccountPartition):
        yield from partition.stage.dump()["profiles"]["account"].tolist()
    elif isinstance(partition, TiePartition):
        state = partition.stage.dump()
        yield from (*state["members"]["account"].tolist(), *state["values"]["account"].tolist())
    else:
        joining = partition.cut().pieces[0]["head"]["joining"]
        for cluster in joining["clusters"]:
            yield from (*cluster["named"], *cluster["holdings"], *cluster["affinities"])
        ties = [tie for cluster in joining["clusters"] for tie in cluster["ties"]]
        for tie in (*ties, *joining["candidates"]):
            yield from tie["accounts"].tolist()


@pytest.mark.parametrize("odds", [UNDISTURBED, CRASHES], ids=["undisturbed", "crashes"])
def test_nothing_is_left_of_an_account_that_is_forgotten(odds: Odds) -> None:
    world = new_world(31, PARTITIONS, 2, odds)
    world.run()
    stages = [reader.partition for reader in world.readers.values()]
    kinds = {type(one) for one in stages if key_of(world) in known(one)}
    assert kinds == {AccountPartition, TiePartition, HeadPartition}
    alerts = list(world.alerts)
    ask(world)
    world.disturbances = 0
    world.run()
    for reader in world.readers.values():
        assert key_of(world) not in known(reader.partition)
        assert key_of(world) not in known(reader.as_restored())
    assert set(world.alerts) == set(alerts)


@pytest.mark.parametrize("after", [40, 150])
def test_the_stream_goes_on_when_an_account_is_forgotten_in_the_midst_of_it(after: int) -> None:
    world = new_world(32, PARTITIONS, 2, CRASHES)
    world.actors.append(Eraser(world, after))
    world.run()
    undisturbed = new_world(33, PARTITIONS, 1, UNDISTURBED)
    undisturbed.run()
    ended = [
        reader.partition.concluded
        for one in (world, undisturbed)
        for reader in one.readers.values()
        if isinstance(reader.partition, HeadPartition)
    ]
    assert ended[0] == ended[1]
    assert world.alerts
