"""A deployment that begins where a run without logs ended says what the run would have said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from models.accounts.partition import AccountPartition
from models.head.partition import HeadPartition
from models.seeding import Seeds, seeds_of
from models.ties.partition import TiePartition
from models.wire.state import decode_state
from tests.property.reader import Reader
from tests.property.sources import Recording, Requests
from tests.property.test_protocol import CRASHES, END, UNDISTURBED, dealt, facts, lines, local
from tests.property.world import Odds, World
from tests.stream.traffic import DAY, START, open_run, play, time_of

MIDDLE = START + 1.5 * DAY
"""Between two epochs, after the first alert."""

PARTITIONS = 3
SOURCES = 2


def first_half() -> tuple[Mapping[str, Any], list[bytes], list[bytes]]:
    """The state of a run of the first half, its alerts and its scores."""
    run = open_run(PARTITIONS)
    run.add_facts(facts())
    heard = play(run, [line for line in lines() if time_of(line) < MIDDLE])
    return decode_state(run.save())["detector"], heard.alerts, heard.scores


def seeds(state: Mapping[str, Any], readers: Mapping[str, Reader]) -> Seeds:
    partitions = [reader.partition for reader in readers.values()]
    [head] = [one for one in partitions if isinstance(one, HeadPartition)]
    accounts = [one for one in partitions if isinstance(one, AccountPartition)]
    ties = [one for one in partitions if isinstance(one, TiePartition)]
    return seeds_of(state, accounts, ties, head)


def seeded_world(state: Mapping[str, Any], odds: Odds) -> World:
    """A world whose partitions begin with the seeds, and whose sources hold the second half."""
    names = [f"requests/{number}" for number in range(SOURCES)]
    world = World(41, odds)
    world.add_stages(PARTITIONS, names)
    seeds(state, world.readers)
    for name, reader in world.readers.items():
        reader.cut()
        world.actors[[actor.name for actor in world.actors].index(name)] = reader.restart()
    # What the head said before it had a state.
    world.logs.clear()
    rest = [line for line in lines() if time_of(line) >= MIDDLE]
    for name, part in zip(names, dealt(rest, SOURCES), strict=True):
        world.actors.append(Requests(world, name, PARTITIONS, Recording.whole(part, END)))
    return world


@pytest.mark.parametrize("odds", [UNDISTURBED, CRASHES], ids=["undisturbed", "crashes"])
def test_what_is_seeded_goes_on_where_the_run_ended(odds: Odds) -> None:
    state, alerts, scores = first_half()
    assert 0 < len(alerts) < len(local().alerts)
    world = seeded_world(state, odds)
    world.run()
    assert [*alerts, *dict.fromkeys(world.alerts)] == local().alerts
    assert [*scores, *dict.fromkeys(world.scores)] == local().scores


def test_open_epochs_are_not_given_up() -> None:
    run = open_run(PARTITIONS)
    play(run, [line for line in lines() if time_of(line) < MIDDLE], finish=False)
    blank = World(42)
    blank.add_stages(PARTITIONS, [])
    with pytest.raises(ValueError, match="epochs are open"):
        seeds(decode_state(run.save())["detector"], blank.readers)
