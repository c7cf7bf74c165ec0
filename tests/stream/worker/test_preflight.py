"""What a worker looks at before it writes anything, on topics that are lists."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from models.wire.checkpoint import EVERYTHING, Cut
from models.wire.state import encode_state
from stream.broker.names import TopicNames
from stream.errors import FailedRun
from stream.keys import HashKey
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.text_key import TextKey
from stream.worker import standings
from stream.worker.checkpoints import Checkpoints
from stream.worker.preflight import require_own_state
from stream.worker.seeding import SeedTable

NAMES = TopicNames.of(Settings().kafka)
OTHER = HashKey(secret=b"o" * 32, id="0badcafe", public=False)
OURS = Settings()

Records = list[tuple[bytes, bytes | None]]


class ListConsumer:
    """Reads topics of one partition, two records at a time."""

    topics: dict[str, Records]

    def __init__(self, **_: Any) -> None:
        self._place = 0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        [self._partition] = partitions

    async def seek_to_beginning(self, *_: TopicPartition) -> None:
        self._place = 0

    async def end_offsets(self, _: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {self._partition: len(self.topics.get(self._partition.topic, []))}

    async def position(self, _: TopicPartition) -> int:
        return self._place

    async def getmany(self, *_: Any, **__: Any) -> dict[TopicPartition, list[Any]]:
        records = self.topics[self._partition.topic][self._place : self._place + 2]
        self._place += len(records)
        return {self._partition: [SimpleNamespace(key=key, value=one) for key, one in records]}


SOURCES = [
    name.encode()
    for name in (f"{NAMES.requests[0]}/0", f"{NAMES.requests[0]}/1", f"{NAMES.facts}/0")
]


def standing(settings: Settings, position: int = 0) -> bytes:
    return encode_state({"position": position, "source": {}, **StateKeys(settings).stated})


def seeded(settings: Settings) -> Records:
    """A head's changelog after a warm start, and a closing record that is gone."""
    table = SeedTable()
    Checkpoints(table, 0, StateKeys(settings)).write(Cut(EVERYTHING, [{"piece": 1}], [], {}, 0))
    return [*table.items(), (b"0/1/closing", None)]


@pytest.fixture(autouse=True)
def consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "AIOKafkaConsumer", ListConsumer)


@pytest.mark.parametrize(
    "topics",
    [
        {},
        {
            NAMES.sources: [
                (SOURCES[0], standing(OURS)),
                (SOURCES[1], None),
                (SOURCES[2], standing(OURS)),
            ]
        },
        {NAMES.head_changelog: seeded(OURS)},
        {NAMES.sources: [(SOURCES[0], encode_state({"position": 3, "source": {}}))]},
    ],
    ids=["new", "at work", "warm", "of the first states"],
)
def test_a_worker_starts_on_its_own_state(topics: dict[str, Records]) -> None:
    ListConsumer.topics = topics
    require_own_state(OURS)


@pytest.mark.parametrize(
    "topics",
    [
        {NAMES.sources: [(SOURCES[0], standing(OURS)), (SOURCES[1], standing(OURS))]},
        {NAMES.head_changelog: seeded(OURS)},
    ],
    ids=["at work", "warm"],
)
def test_a_worker_with_another_key_ends_with_the_mend(topics: dict[str, Records]) -> None:
    ListConsumer.topics = topics
    with pytest.raises(FailedRun, match=r"application gauger: .*set GAUGER_KEY_FILE"):
        require_own_state(Settings(key=OTHER))
    with pytest.raises(FailedRun, match=r"name that key in text_key\.previous_file"):
        require_own_state(Settings(own_texts=TextKey(OTHER)))
    require_own_state(Settings(own_texts=TextKey(OTHER, OURS.key)))


def test_a_topic_that_is_read_no_more_holds_nobody_up() -> None:
    ListConsumer.topics = {NAMES.sources: [(b"former/0", standing(Settings(key=OTHER)))]}
    require_own_state(OURS)
