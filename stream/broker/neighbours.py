"""Other applications at work in the cluster, and whether one of them is in the way of ours.

Two applications share request topics as they like. With the same prefix they would read each
other's messages, and with the same name take partitions from each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaAdminClient, TopicPartition

from stream.broker.names import TopicNames, groups_of
from stream.broker.options import KafkaOptions


def conflicts(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[str]:
    """What other applications, as far as they run, make impossible: one line each with its mend.

    Raises:
        KafkaError: Groups cannot be described.
    """
    names, (ours, _) = TopicNames.of(options), groups_of(options)
    messages = {names.events, names.ties, names.findings}
    state = {names.accounts_changelog, names.ties_changelog, names.head_changelog}
    known = [
        group["group_id"] for group in admin.list_groups() if group["protocol_type"] == "consumer"
    ]
    for group, described in admin.describe_groups(known).items() if known else ():
        topics = {partition.topic for partition in assigned_partitions(described["members"])}
        if group == ours and topics - messages - state:
            some = min(topics - messages - state)
            yield f"application {ours} is at work on {some}: choose another kafka.application"
        elif group != ours and topics & messages:
            some = min(topics & messages)
            yield f"topic {some} is read by application {group}: choose another kafka.prefix"


def assigned_partitions(members: list[Any]) -> Iterator[TopicPartition]:
    """Partitions that members of a group hold; one that just joined holds none yet."""
    for member in members:
        assignment = member["member_assignment"]
        if isinstance(assignment, dict):
            for one in assignment["assigned_partitions"]:
                for number in one["partitions"]:
                    yield TopicPartition(one["topic"], number)
