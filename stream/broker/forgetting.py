"""Asking the workers to forget accounts."""

from __future__ import annotations

from collections.abc import Sequence

from models.requests.ingestion import BatchBuilder
from models.wire.codec import to_frames
from models.wire.protocol import Forget
from stream.broker.names import TopicNames
from stream.broker.producer import BatchProducer
from stream.clock import now
from stream.errors import FailedRun
from stream.settings import Settings


def ask_to_forget(accounts: Sequence[str], settings: Settings) -> None:
    """Write into the logs of the account partitions that these accounts are to be erased.

    Raises:
        UsageError: The files of the login cannot be used.
        FailedRun: The broker cannot be reached, or the topics are not those of the settings.
    """
    options, names = settings.kafka, TopicNames.of(settings.kafka)
    builder = BatchBuilder(settings.key.secret)
    with BatchProducer(options) as producer:
        topic = producer.topic(names.events)
        if topic.partitions != options.partitions:
            text = f"topic {topic.name} has {topic.partitions} partitions"
            raise FailedRun(f"{text}, kafka.partitions is {options.partitions}: set it right")
        for account in accounts:
            key = builder.account_key(account)
            for frame in to_frames(Forget(key, account)):
                topic.append(key % topic.partitions, now() // 1_000, None, frame)
        topic.ship()
        producer.flush()
