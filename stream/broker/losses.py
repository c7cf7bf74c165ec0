"""What an application has lost: state, or messages that it rests on; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from stream.broker.names import TopicNames, groups_of
from stream.broker.options import KafkaOptions

_MEND = "stop all workers; see 'When state is lost' in docs/operations.md"


def losses(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[str]:
    """One line for each partition that cannot go on, with its mend.

    What a group has committed was read, and lies in a checkpoint or in a standing: so where that is
    gone, or the log is another one, the offset tells.

    Raises:
        KafkaError: Groups or topics cannot be described.
    """
    for found in (*_of_stages(admin, options), *_of_sources(admin, options)):
        yield f"{found}: {_MEND}"


def _of_stages(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[str]:
    committed = _committed(admin, groups_of(options)[0])
    if not committed:
        return
    logs = _changelogs(options)
    starts, ends = _ranges(admin, [*logs, *logs.values()])
    for log, changelog in logs.items():
        name, read = f"{log.topic}/{log.partition}", committed.get(log, 0)
        if read > ends[log] or not ends[log]:
            yield f"{name} was made anew: it ends at {ends[log]}, and the application was at work"
        elif read and starts[changelog] == ends[changelog]:
            yield f"state of {name} is lost: it was read up to {read}, {changelog.topic} is empty"


def _of_sources(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[str]:
    standings = TopicPartition(TopicNames.of(options).sources, 0)
    names = TopicNames.of(options)
    sources = {*names.requests, names.facts, names.feedback}
    read_up_to = _committed(admin, groups_of(options)[1])
    committed = {source: read for source, read in read_up_to.items() if source.topic in sources}
    if not committed:
        return
    starts, ends = _ranges(admin, [standings, *committed])
    if starts[standings] == ends[standings]:
        yield f"where requests were read up to is lost: {standings.topic} is empty"
    for source, read in sorted(committed.items()):
        if read > ends[source]:
            name = f"{source.topic}/{source.partition}"
            yield f"{name} was made anew: it was read up to {read}, and ends at {ends[source]}"


def _changelogs(options: KafkaOptions) -> dict[TopicPartition, TopicPartition]:
    """The changelog of each partition of the stages."""
    names = TopicNames.of(options)
    topics = (
        (names.events, names.accounts_changelog, options.partitions),
        (names.ties, names.ties_changelog, options.partitions),
        (names.findings, names.head_changelog, 1),
    )
    return {
        TopicPartition(log, number): TopicPartition(changelog, number)
        for log, changelog, partitions in topics
        for number in range(partitions)
    }


def _committed(admin: KafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    # Where no group was ever at work, nobody can be asked for its offsets.
    if group not in {one["group_id"] for one in admin.list_groups()}:
        return {}
    offsets: Mapping[TopicPartition, Any] = admin.list_group_offsets({group: None})[group]
    return {partition: one.offset for partition, one in offsets.items() if one.offset > 0}


def _ranges(
    admin: KafkaAdminClient, partitions: list[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Where partitions start and end."""
    starts, ends = (
        admin.list_partition_offsets(dict.fromkeys(partitions, which))
        for which in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
    )
    return (
        {partition: one.offset for partition, one in starts.items()},
        {partition: one.offset for partition, one in ends.items()},
    )
