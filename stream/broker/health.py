"""Checks of a cluster and of an application's place in it; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from stream.broker.admin import administrator
from stream.broker.layout import topic_layouts
from stream.broker.losses import losses
from stream.broker.names import groups_of
from stream.broker.neighbours import assigned_partitions, conflicts
from stream.broker.options import KafkaOptions
from stream.broker.topics import TopicState, states_of
from stream.checks import Check
from stream.clock import now
from stream.errors import FailedRun, UsageError

_OLDEST_KAFKA = (2, 4)
_SKEW_SECONDS = 2.0


def broker_checks(options: KafkaOptions) -> list[Check]:
    """Broker, login, topics, consumer groups, state, clock.

    What cannot be looked at is a problem, never an exception.
    """
    checks = [_login(options)]
    try:
        with administrator(options) as admin:
            for name, look in _LOOKS.items():
                checks += _looked(name, look, admin, options)
    except (FailedRun, UsageError) as error:
        return [Check("broker", "problem", str(error))]
    return checks


_Look = Callable[[KafkaAdminClient, KafkaOptions], Iterator[Check]]


def _looked(
    name: str, look: _Look, admin: KafkaAdminClient, options: KafkaOptions
) -> Iterator[Check]:
    try:
        yield from look(admin, options)
    except KafkaError as error:
        reason = " ".join(str(error).split())
        yield Check(name, "warning", f"cannot be looked at; may this user describe it? {reason}")


def _login(options: KafkaOptions) -> Check:
    if options.security_protocol == "SASL_PLAINTEXT" and options.sasl_mechanism == "PLAIN":
        text = "the password travels in clear: set kafka.security_protocol to SASL_SSL"
        return Check("login", "warning", text)
    if options.logs_in:
        how = f"{options.username} by {options.sasl_mechanism}"
    else:
        how = "client certificate" if options.certificate_file else "none"
    return Check("login", "ok", f"{how}, {'encrypted' if options.encrypted else 'not encrypted'}")


def _cluster(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[Check]:
    brokers = admin.describe_cluster()["brokers"]
    versions = [_version(admin, broker["broker_id"]) for broker in brokers]
    oldest = min(versions)
    count = f"{len(brokers)} broker{'' if len(brokers) == 1 else 's'}"
    known = ".".join(map(str, oldest))
    yield Check("broker", "ok", f"{options.bootstrap_servers}: {count}, Kafka {known}")
    if oldest < _OLDEST_KAFKA:
        needed = ".".join(map(str, _OLDEST_KAFKA))
        yield Check("broker", "problem", f"Kafka {known} is too old: {needed} is needed")
    if len(brokers) < options.replication:
        text = f"kafka.replication is {options.replication}, and there are fewer brokers: lower it"
        yield Check("broker", "problem", text)


def _version(admin: KafkaAdminClient, broker: int) -> tuple[int, ...]:
    version: tuple[int, ...] = admin.get_broker_version_data(broker).broker_version
    return version


def _topics(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[Check]:
    states = states_of(admin, topic_layouts(options))
    missing = [state.topic for state in states if state.status == "missing"]
    if missing:
        some = ", ".join(missing[:3]) + (", …" if missing[3:] else "")
        text = f"{len(missing)} of {len(states)} are missing ({some}): run gauger topics"
        yield Check("topics", "problem", text)
    different = [state for state in states if state.status == "different"]
    for state in different:
        yield from _differences(state)
    if not missing and not different:
        yield Check("topics", "ok", f"{len(states)} as needed")


def _differences(state: TopicState) -> Iterator[Check]:
    for one in state.differences:
        text = f"{one.key} = {one.found}, should be {one.expected}: {one.mend}"
        yield Check(f"topic {state.topic}", "problem", text)


def _groups(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[Check]:
    known = {group["group_id"] for group in admin.list_groups()}
    for group in groups_of(options):
        if group in known:
            yield from _group(admin, group)
        else:
            yield Check(f"group {group}", "warning", "has never been at work: start gauger worker")


def _group(admin: KafkaAdminClient, group: str) -> Iterator[Check]:
    members = admin.describe_groups([group])[group]["members"]
    committed = admin.list_group_offsets({group: None})[group]
    partitions = committed.keys() | set(assigned_partitions(members))
    starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    behind: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for partition in partitions:
        start, end = starts[partition].offset, ends[partition].offset
        position = committed[partition].offset if partition in committed else start
        behind[partition.topic] += max(0, end - position)
        lost[partition.topic] += max(0, start - position)
    name = f"group {group}"
    count = f"{len(members)} member{'' if len(members) == 1 else 's'}"
    at_work = f"{count}, {_told(behind, 'records behind')}"
    if members:
        yield Check(name, "ok", at_work)
    else:
        yield Check(name, "warning", f"{at_work}: start gauger worker")
    if lost.total():
        text = f"{_told(lost, 'records deleted before they were read')}: raise their retention.ms"
        yield Check(name, "problem", text)


def _neighbours(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[Check]:
    for text in conflicts(admin, options):
        yield Check("neighbours", "problem", text)


def _losses(admin: KafkaAdminClient, options: KafkaOptions) -> Iterator[Check]:
    for text in losses(admin, options):
        yield Check("state", "problem", text)


def _told(records: Counter[str], what: str) -> str:
    topics = ", ".join(topic for topic, count in records.most_common() if count)
    return f"{records.total():,} {what}" + (f" in {topics}" if topics else "")


def _clock(admin: KafkaAdminClient, _options: KafkaOptions) -> Iterator[Check]:
    """The controller tells of itself when it last caught up with itself: now."""
    before = now()
    quorum = admin.describe_metadata_quorum()
    after = now()
    theirs = _leader_clock(quorum)
    if theirs is None:
        return
    skew, doubt = theirs - (before + after) / 2e6, (after - before) / 2e6
    ahead = f"the cluster's is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) > _SKEW_SECONDS + doubt:
        yield Check("clock", "problem", f"{ahead}: keep both by NTP")
    else:
        yield Check("clock", "ok", f"{ahead}, give or take {doubt:.1f} s")


def _leader_clock(quorum: Any) -> float | None:
    """Unix seconds on the clock of the controller; None where a cluster does not tell."""
    partition = quorum["topics"][0]["partitions"][0]
    for voter in partition["current_voters"]:
        if voter["replica_id"] == partition["leader_id"]:
            milliseconds = voter.get("last_caught_up_timestamp", -1)
            return milliseconds / 1e3 if milliseconds > 0 else None
    return None


_LOOKS: dict[str, _Look] = {
    "broker": _cluster,
    "topics": _topics,
    "groups": _groups,
    "neighbours": _neighbours,
    "state": _losses,
    "clock": _clock,
}
