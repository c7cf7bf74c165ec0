"""A deployment whose memory is bounded says what a replay with as many partitions says."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest

from models.accounts.partition import AccountPartition
from models.options import MemoryOptions
from models.ties.partition import TiePartition
from stream.replay import local
from stream.replay.local import LocalRun
from tests.property.sources import Recording, Requests
from tests.property.test_protocol import CRASHES, END, UNDISTURBED, dealt, lines
from tests.property.world import Odds, World
from tests.stream.traffic import SETTINGS, Heard, play, scored

PARTITIONS = 3
BOUNDS = MemoryOptions(accounts=120, ties=45)


def bounded() -> tuple[LocalRun, Heard]:
    with patch.object(local, "shipped", scored):
        run = LocalRun(replace(SETTINGS, memory=BOUNDS), PARTITIONS)
    return run, play(run, lines())


@pytest.mark.parametrize("odds", [UNDISTURBED, CRASHES], ids=["undisturbed", "crashes"])
def test_what_is_dropped_for_want_of_room_is_the_same_everywhere(odds: Odds) -> None:
    run, heard = bounded()
    assert run.counters.evicted_accounts > 100
    assert run.counters.evicted_ties >= 5
    assert heard.alerts
    world = World(51, odds)
    names = ["requests/0", "requests/1"]
    world.add_stages(PARTITIONS, names, memory=BOUNDS)
    for name, part in zip(names, dealt(lines(), 2), strict=True):
        world.actors.append(Requests(world, name, PARTITIONS, Recording.whole(part, END)))
    world.run()
    assert list(dict.fromkeys(world.alerts)) == heard.alerts
    assert list(dict.fromkeys(world.scores)) == heard.scores
    stages = [reader.partition for reader in world.readers.values()]
    accounts = [one.stage.count for one in stages if isinstance(one, AccountPartition)]
    ties = [one.stage.count for one in stages if isinstance(one, TiePartition)]
    assert sum(accounts) == run.counters.accounts <= BOUNDS.accounts
    assert sum(ties) == run.counters.ties <= BOUNDS.ties
