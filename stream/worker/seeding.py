"""First checkpoints of an application that has never been at work, written to its changelogs."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any

from models.evidence.tie_score import shipped
from models.seeding import Seeds, seeds_of
from models.wire.checkpoint import Cut
from stream.broker.follow import open_consumer
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.producer import BatchProducer
from stream.broker.samples import Samples
from stream.clock import now
from stream.errors import FailedRun
from stream.monitoring.metrics import StageMetrics
from stream.settings import Settings
from stream.state_keys import StateKeys
from stream.worker.checkpoints import Checkpoints
from stream.worker.outbox import Outbox
from stream.worker.stages import Accounts, Heads, Ties


class SeedTable(dict[bytes, bytes]):
    """Records for the changelog of one partition, in the order in which they are written."""

    def take_deliveries(self) -> list[Awaitable[Any]]:
        """Nothing is delivered here."""
        return []


def require_unused(options: KafkaOptions) -> None:
    """Make sure that no state is there, and that none has ever been.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: Something is there, or a topic is not as the settings have it.
    """
    names = TopicNames.of(options)
    for topic, partitions in _changelogs(options).items():
        _require_empty(options, topic, partitions)
    for topic, partitions in ((names.events, options.partitions), (names.sources, 1)):
        _require_empty(options, topic, partitions)


def _changelogs(options: KafkaOptions) -> dict[str, int]:
    names = TopicNames.of(options)
    return {
        names.accounts_changelog: options.partitions,
        names.ties_changelog: options.partitions,
        names.head_changelog: 1,
    }


def _require_empty(options: KafkaOptions, topic: str, partitions: int) -> None:
    with open_consumer(options, topic, group_id=None) as consumer:
        ends = Samples(consumer, topic).ends
    if any(ends.values()):
        raise FailedRun(
            f"topic {topic} is in use: workers of {options.application} have been started before;"
            " choose another kafka.application and kafka.prefix, or delete its topics"
        )
    if len(ends) != partitions:
        raise FailedRun(f"topic {topic} has {len(ends)} partitions, should have {partitions}")


def write_seeds(state: Mapping[str, Any], settings: Settings) -> int:
    """Write the state of a run as first checkpoints; how many records they take.

    Args:
        state: What `Detector.dump` gave after its last epoch was closed.
        settings: With as many partitions as the run had.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: Something was not delivered.
    """
    options, names = settings.kafka, TopicNames.of(settings.kafka)
    seeds = _seeds(state, settings)
    written = 0
    with BatchProducer(options) as producer:
        for topic, cuts in (
            (names.accounts_changelog, seeds.accounts),
            (names.ties_changelog, seeds.ties),
            (names.head_changelog, [seeds.head]),
        ):
            writer = producer.topic(topic)
            for number, key, value in _records(cuts, StateKeys(settings)):
                writer.append(number, now() // 1_000, key, value)
                written += 1
            writer.ship()
            producer.flush()
    return written


def _records(cuts: Sequence[Cut], keys: StateKeys) -> Iterator[tuple[int, bytes, bytes]]:
    for number, cut in enumerate(cuts):
        table = SeedTable()
        checkpoints = Checkpoints(table, number, keys)
        checkpoints.read()
        checkpoints.write(cut)
        for key, value in table.items():
            yield number, key, value


def _seeds(state: Mapping[str, Any], settings: Settings) -> Seeds:
    names, score = TopicNames.of(settings.kafka), shipped()
    # Makes partitions; nothing is sent.
    outbox = Outbox(settings.kafka, names)
    numbers = range(settings.kafka.partitions)
    metrics = StageMetrics()
    accounts, ties = Accounts(settings, outbox, metrics), Ties(settings, outbox, score, metrics)
    return seeds_of(
        state,
        [accounts.make(number) for number in numbers],
        [ties.make(number) for number in numbers],
        Heads(settings, outbox, names, score, (), metrics).make(0),
    )
