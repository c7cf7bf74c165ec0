"""Laws of the protocol: however a world goes, it says and keeps what an undisturbed run does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import pytest

from models.accounts.partition import AccountPartition
from models.head.partition import HeadPartition
from schemas.codec import decode_alert
from tests.property.forms import form_of
from tests.property.sources import FactsSource, Gateway, Recording, Requests
from tests.property.world import Odds, World
from tests.stream.traffic import DAY, EPOCH, START, Heard, line, open_run, play, recording, time_of

END = (START + 5 * DAY) * 1_000_000
SEEDS = range(int(os.environ.get("GAUGER_PROTOCOL_SEEDS", "1")))
"""Set the variable to a larger number for a longer run."""

UNDISTURBED = Odds()
CRASHES = Odds(crash=0.012, takeover=0.008, repeat=0.02, behind=0.5)


@cache
def lines() -> list[bytes]:
    return recording()


@cache
def facts() -> list[bytes]:
    """What is known of some accounts, before they come, while they are there, or in vain."""
    told = []
    for number in range(0, 240, 3):
        time = START + number % 7 * 0.4 * DAY
        told.append(line(account=f"user-{number}", time=time, plan="enterprise", org="org-x"))
        told.append(line(account=f"user-{number}", time=time + DAY, payment=f"card-{number % 5}"))
    told += [
        line(account=f"mule-{number}", time=START, account_created=START - 90 * DAY)
        for number in range(0, 40, 8)
    ]
    return [*told, line(account="nobody", time=START, plan="pro")]


@cache
def local() -> Heard:
    """What one process says of the recording."""
    run = open_run()
    assert run.add_facts(facts()) == []
    heard = play(run, lines())
    assert len(heard.alerts) >= 3
    assert len(heard.scores) >= 200
    return heard


def dealt(records: Sequence[bytes], sources: int) -> list[list[bytes]]:
    """The records by source: an account stays with one."""
    parts: list[list[bytes]] = [[] for _ in range(sources)]
    for record in records:
        parts[sum(account_of(record).encode()) % sources].append(record)
    return parts


def account_of(record: bytes) -> str:
    return str(orjson.loads(record)["account"])


def new_world(seed: int, partitions: int, sources: int, odds: Odds) -> World:
    world = World(seed, odds)
    names = [f"requests/{number}" for number in range(sources)]
    world.add_stages(partitions, [*names, "facts/0"])
    for name, part in zip(names, dealt(lines(), sources), strict=True):
        world.actors.append(Requests(world, name, partitions, Recording.whole(part, END)))
    told = Recording(facts(), None, len(facts()))
    world.actors.append(FactsSource(world, "facts/0", partitions, told))
    return world


def forms(world: World) -> dict[str, Any]:
    return {name: form_of(reader.partition) for name, reader in world.readers.items()}


@cache
def undisturbed(partitions: int) -> Mapping[str, Any]:
    """The states that a world with one source ends in, where nothing goes wrong."""
    world = new_world(1, partitions, 1, UNDISTURBED)
    world.run()
    return forms(world)


def assert_all_is_well(world: World, partitions: int) -> None:
    assert list(dict.fromkeys(world.alerts)) == local().alerts
    assert list(dict.fromkeys(world.scores)) == local().scores
    assert forms(world) == undisturbed(partitions)
    for name, reader in world.readers.items():
        assert form_of(reader.as_restored()) == undisturbed(partitions)[name]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sources", [1, 2, 4])
@pytest.mark.parametrize("partitions", [1, 3])
def test_partitions_and_sources_do_not_show(partitions: int, sources: int, seed: int) -> None:
    world = new_world(10 + seed, partitions, sources, UNDISTURBED)
    world.run()
    assert_all_is_well(world, partitions)
    assert world.alerts == local().alerts


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sources", [1, 2, 4])
@pytest.mark.parametrize("partitions", [1, 3])
def test_dozens_of_crashes_do_not_show(partitions: int, sources: int, seed: int) -> None:
    world = new_world(20 + seed, partitions, sources, CRASHES)
    world.run()
    assert world.disturbances >= 24
    assert_all_is_well(world, partitions)
    assert_no_event_has_two_contents(world.alerts)


def assert_no_event_has_two_contents(alerts: Sequence[bytes]) -> None:
    contents: dict[str, set[bytes]] = {}
    for alert in alerts:
        contents.setdefault(decode_alert(alert).event_id, set()).add(alert)
    assert {len(several) for several in contents.values()} <= {1}


def requests_of(world: World) -> Counter[str]:
    """Requests that were counted in closed epochs, by account."""
    counted: Counter[str] = Counter()
    for reader in world.readers.values():
        if isinstance(reader.partition, AccountPartition):
            state = reader.partition.stage.dump()
            assert state["open"] == {}
            lifetimes = state["profiles"]["lifetime"].tolist()
            counted.update(dict(zip(state["names"], lifetimes, strict=True)))
    return counted


def resting_world(seed: int, odds: Odds) -> tuple[World, list[Recording]]:
    """Two partitions and three sources, whose recordings are not there yet."""
    world, names = World(seed, odds), ["requests/0", "requests/1", "requests/2"]
    world.add_stages(2, names)
    recordings = [Recording(part, None, 0) for part in dealt(lines(), 3)]
    for name, one in zip(names, recordings, strict=True):
        world.actors.append(Requests(world, name, 2, one))
    return world, recordings


def finish(world: World, recordings: Sequence[Recording]) -> None:
    """End all recordings, so that every epoch closes."""
    for one in recordings:
        one.end, one.there = END, len(one.lines) + 1
    world.run()


def test_rows_of_a_source_that_rested_count_once_in_a_later_epoch() -> None:
    world, recordings = resting_world(3, UNDISTURBED)
    for one in recordings:
        one.there = len(one.lines)
    recordings[1].there = 100
    world.run()
    head = world.readers["findings"].partition
    assert isinstance(head, HeadPartition)
    rest = recordings[1].lines[100:]
    passed = sum(time_of(record) // EPOCH <= head.concluded for record in rest)
    recordings[1].there = len(recordings[1].lines)
    world.run()
    [source] = [one for one in world.actors if one.name == "requests/1"]
    assert isinstance(source, Requests)
    assert source.source.source.late == passed >= 100
    finish(world, recordings)
    assert requests_of(world) == Counter(account_of(record) for record in lines())


@pytest.mark.parametrize("seed", SEEDS)
def test_rests_and_crashes_lose_no_row_and_count_none_twice(seed: int) -> None:
    world, recordings = resting_world(30 + seed, CRASHES)
    world.actors.append(Gateway(world, recordings))
    world.run()
    finish(world, recordings)
    assert requests_of(world) == Counter(account_of(record) for record in lines())
    assert_no_event_has_two_contents(world.alerts)
    for reader in world.readers.values():
        assert form_of(reader.as_restored()) == form_of(reader.partition)
