"""Topics made and read whole by tests."""

from __future__ import annotations

from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from stream.broker.options import KafkaOptions
from stream.broker.security import kafka_python_arguments


def create_topic(options: KafkaOptions, topic: str, partitions: int, **settings: str) -> str:
    """Make a topic; an underscore in the name of a setting stands for a point."""
    configs = {key.replace("_", "."): value for key, value in settings.items()}
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
    with KafkaAdminClient(**kafka_python_arguments(options)) as admin:
        admin.create_topics({topic: wanted}, wait_for_metadata=True)
    return topic


def records_of(options: KafkaOptions, topic: str) -> dict[int, list[Any]]:
    """All records of a topic by partition, in order."""
    with KafkaConsumer(**kafka_python_arguments(options), group_id=None) as consumer:
        partitions = [TopicPartition(topic, one) for one in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        records: dict[int, list[Any]] = {one.partition: [] for one in partitions}
        while any(consumer.position(one) < ends[one] for one in partitions):
            for partition, polled in consumer.poll(timeout_ms=1000).items():
                records[partition.partition] += polled
    return records
