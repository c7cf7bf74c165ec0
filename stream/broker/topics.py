"""Topics as they are against topics as they should be: create, check, alter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    InvalidReplicationFactorError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from stream.broker.admin import administrator
from stream.broker.layout import TopicLayout, TopicSetting, topic_layouts
from stream.broker.options import KafkaOptions
from stream.broker.reach import PATIENCE_SECONDS
from stream.errors import FailedRun

TopicStatus = Literal["ok", "created", "altered", "missing", "different"]


class Difference(msgspec.Struct, frozen=True):
    """Where a topic is not as it should be.

    Attributes:
        key: `partitions`, `replication`, or Kafka's name of a setting.
        expected: What it should be, in words.
        found: What it is.
        mend: What to do about it.
    """

    key: str
    expected: str
    found: str
    mend: str


class TopicState(msgspec.Struct, frozen=True):
    """One topic as it is."""

    topic: str
    status: TopicStatus
    partitions: int
    differences: list[Difference] = []


class TopicReport(msgspec.Struct, frozen=True):
    """All topics of an application, and where they are."""

    servers: list[str]
    topics: list[TopicState]

    @property
    def bad(self) -> list[str]:
        """Topics that an application cannot use as they are."""
        return [state.topic for state in self.topics if state.status in {"missing", "different"}]


def check_topics(options: KafkaOptions) -> TopicReport:
    """All topics as they are; nothing is changed.

    Raises:
        FailedRun: The broker does not let us in or refuses; the message names the mend.
    """
    with administrator(options) as admin:
        return TopicReport(options.servers, states_of(admin, topic_layouts(options)))


def settle_topics(options: KafkaOptions, *, alter: bool = False) -> TopicReport:
    """Create the topics that are missing, and tell how the others are.

    Args:
        options: The cluster, and the application whose topics these are.
        alter: Also set what differs in the settings of Gauger's own topics; partitions and copies
            are never changed.

    Raises:
        FailedRun: The broker does not let us in or refuses; the message names the mend.
    """
    layouts = topic_layouts(options)
    with administrator(options) as admin:
        before = {state.topic: state for state in states_of(admin, layouts)}
        missing = [one for one in layouts if before[one.name].status == "missing"]
        if missing:
            _create(admin, missing)
        altered = _alter(admin, layouts, before) if alter else []
        changes: dict[str, TopicStatus] = {layout.name: "altered" for layout in altered}
        changes |= {layout.name: "created" for layout in missing}
        after = [
            msgspec.structs.replace(state, status=changes.get(state.topic, "ok"))
            if state.status == "ok"
            else state
            for state in states_of(admin, layouts)
        ]
    return TopicReport(options.servers, after)


def states_of(admin: KafkaAdminClient, layouts: Sequence[TopicLayout]) -> list[TopicState]:
    """All topics as they are, with what differs.

    Raises:
        KafkaError: The broker refuses.
    """
    described = {one["name"]: one for one in admin.describe_topics([one.name for one in layouts])}
    resources = [ConfigResource(ConfigResourceType.TOPIC, one.name) for one in layouts]
    settings = admin.describe_configs(resources, config_filter="all")["topic"]
    return [_state(one, described[one.name], settings[one.name]) for one in layouts]


def _state(layout: TopicLayout, topic: Any, settings: Any) -> TopicState:
    error = for_code(topic["error_code"])
    if error is UnknownTopicOrPartitionError:
        mend = "gauger topics creates it"
        absent = Difference("topic", "a topic", "none", mend)
        return TopicState(layout.name, "missing", 0, [absent])
    if error is not NoError:
        raise error(f"{layout.name} cannot be looked at")
    partitions = topic["partitions"]
    differences = [
        *_partition_differences(layout, partitions),
        *_setting_differences(layout, {key: one["value"] for key, one in settings.items()}),
    ]
    return TopicState(
        layout.name, "different" if differences else "ok", len(partitions), differences
    )


def _partition_differences(layout: TopicLayout, partitions: list[Any]) -> Iterator[Difference]:
    found = len(partitions)
    if found != layout.partitions and not layout.any_partitions:
        anew = "delete the topic and run gauger topics"
        if layout.partitions > 1:
            anew = f"set kafka.partitions = {found}, or choose another kafka.application and prefix"
        yield Difference("partitions", str(layout.partitions), str(found), anew)
    copies = min(len(one["replica_nodes"]) for one in partitions)
    if copies < layout.replication and layout.ours:
        mend = f"spread it by kafka-reassign-partitions.sh, or set kafka.replication = {copies}"
        yield Difference("replication", f"at least {layout.replication}", str(copies), mend)
    leaderless = sum(1 for one in partitions if one["leader_id"] < 0)
    if leaderless:
        mend = "start the brokers that hold them"
        yield Difference("leaders", str(found), str(found - leaderless), mend)


def _setting_differences(layout: TopicLayout, found: dict[str, str]) -> Iterator[Difference]:
    if not found:
        mend = "allow this user DescribeConfigs on the topic (kafka-acls.sh)"
        yield Difference("settings", "readable", "hidden", mend)
        return
    for setting in layout.settings:
        value = found.get(setting.key)
        # A broker that does not know a setting cannot be wrong in it.
        if value is not None and not setting.holds(value):
            expected = f"{setting.relation} {setting.value}"
            yield Difference(setting.key, expected, value, _setting_mend(layout, setting))


def _setting_mend(layout: TopicLayout, setting: TopicSetting) -> str:
    if layout.ours:
        return "gauger topics --alter sets it"
    where = f"--entity-type topics --entity-name {layout.name}"
    return f"kafka-configs.sh --alter {where} --add-config {setting.key}={setting.value}"


def _create(admin: KafkaAdminClient, layouts: Sequence[TopicLayout]) -> None:
    wanted = {
        layout.name: {
            "num_partitions": layout.partitions,
            "replication_factor": layout.replication,
            "configs": {setting.key: setting.value for setting in layout.settings},
        }
        for layout in layouts
    }
    for answer in admin.create_topics(wanted, raise_errors=False)["topics"]:
        error = for_code(answer["error_code"])
        # Somebody else may have created it in the meantime; it is checked with all others.
        if error not in {NoError, TopicAlreadyExistsError}:
            text = (
                f"{answer['name']} cannot be created: {answer['error_message'] or error.__name__}"
            )
            if error is InvalidReplicationFactorError:
                text += " (set kafka.replication to the number of brokers, or fewer)"
            raise FailedRun(text)
    admin.wait_for_topics(list(wanted))


def _alter(
    admin: KafkaAdminClient, layouts: Sequence[TopicLayout], states: dict[str, TopicState]
) -> list[TopicLayout]:
    """Set what differs in settings of our own topics.

    Returns:
        The topics that were altered.
    """
    wanted = {layout.name: _wrong_settings(layout, states[layout.name]) for layout in layouts}
    altered = [layout for layout in layouts if wanted[layout.name]]
    if not altered:
        return []
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, layout.name, wanted[layout.name])
        for layout in altered
    ]
    answers: dict[str, str] = admin.alter_configs(resources)["topic"]
    refused = [f"{topic}: {answer}" for topic, answer in answers.items() if answer != "OK"]
    if refused:
        raise FailedRun(f"settings cannot be altered: {'; '.join(refused)}")
    _wait_until_seen(admin, altered)
    return altered


def _wrong_settings(layout: TopicLayout, state: TopicState) -> dict[str, str]:
    different = {difference.key for difference in state.differences} if layout.ours else set()
    return {one.key: one.value for one in layout.settings if one.key in different}


def _wait_until_seen(admin: KafkaAdminClient, layouts: Sequence[TopicLayout]) -> None:
    """Brokers learn of a new setting a moment after it was taken."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(_wrong_settings, layouts, states_of(admin, layouts))):
        if time.monotonic() > deadline:
            raise FailedRun("settings were altered, and the brokers do not show it: look again")
        time.sleep(0.1)
