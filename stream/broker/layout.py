"""What every topic of an application should be: partitions, retention, compaction, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.codec import MAX_LINE
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions

Relation = Literal["exactly", "at least", "at most"]
"""How a topic's setting may relate to ours."""

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_MEBIBYTE = 1024 * 1024
# Kafka's own default: a mebibyte and the head of a batch.
_MESSAGE = _MEBIBYTE + 12
_COPIES_WITH_QUORUM = 3


@dataclass(frozen=True, slots=True)
class TopicSetting:
    """One setting of a topic.

    Attributes:
        key: Kafka's name of it.
        value: What Gauger gives to a topic that it creates.
        relation: How an existing topic's value must relate to it; None: any value will do.
    """

    key: str
    value: str
    relation: Relation | None = None

    def holds(self, found: str) -> bool:
        """Whether an existing topic's value will do; of a size or time, -1 is without limit."""
        if self.relation is None:
            return True
        if self.relation == "exactly":
            return set(found.split(",")) == set(self.value.split(","))
        ours, theirs = _amount(self.value), _amount(found)
        return theirs >= ours if self.relation == "at least" else theirs <= ours


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLayout:
    """One topic.

    Attributes:
        name: Its name.
        partitions: How many it is created with.
        any_partitions: Whether an existing topic may have another number of them.
        replication: Copies of every partition; of an existing topic of ours, the fewest.
        settings: All that Gauger sets or checks.
        ours: Whether it is Gauger's alone; else an operator's, which is never altered.
    """

    name: str
    partitions: int
    any_partitions: bool
    replication: int
    settings: tuple[TopicSetting, ...]
    ours: bool = True


def topic_layouts(options: KafkaOptions) -> list[TopicLayout]:
    """The layout of every topic of an application, in the order of the data's way."""
    names, shared = TopicNames.of(options), options.partitions

    def layout(
        name: str,
        partitions: int,
        settings: tuple[TopicSetting, ...],
        *,
        any_partitions: bool = False,
        ours: bool = True,
    ) -> TopicLayout:
        return TopicLayout(
            name=name,
            partitions=partitions,
            any_partitions=any_partitions,
            replication=options.replication,
            settings=(*settings, *_quorum(options.replication)) if ours else settings,
            ours=ours,
        )

    week = _log(days=7)
    layouts = [
        *(
            layout(name, shared, _given(days=7, logged=True), any_partitions=True, ours=False)
            for name in names.requests
        ),
        layout(names.facts, shared, _given(days=30), any_partitions=True, ours=False),
        layout(names.feedback, 1, _given(days=90), any_partitions=True, ours=False),
        layout(names.events, shared, week),
        layout(names.ties, shared, week),
        layout(names.control, 1, week),
        layout(names.findings, 1, week),
        layout(names.sources, 1, _compacted()),
        layout(names.accounts_changelog, shared, _compacted()),
        layout(names.ties_changelog, shared, _compacted()),
        layout(names.head_changelog, 1, _compacted()),
        layout(names.cluster_scores, 1, _compacted(), any_partitions=True),
        layout(names.alerts, 1, _log(days=90), any_partitions=True),
        layout(names.responses, 1, _log(days=90), any_partitions=True),
        layout(names.dead_letters, 1, _refused(days=14), any_partitions=True),
    ]
    if options.account_scores:
        layouts.append(layout(names.account_scores, shared, _compacted(), any_partitions=True))
    return layouts


def _log(days: int) -> tuple[TopicSetting, ...]:
    """Records kept for a time, however many."""
    return (
        TopicSetting("cleanup.policy", "delete", "exactly"),
        TopicSetting("retention.ms", str(days * _DAY), "at least"),
        TopicSetting("retention.bytes", "-1", "at least"),
        TopicSetting("segment.ms", str(6 * _HOUR)),
        *_common(),
    )


def _compacted() -> tuple[TopicSetting, ...]:
    """The latest record of each key. What is forgotten is gone within a day."""
    return (
        TopicSetting("cleanup.policy", "compact", "exactly"),
        TopicSetting("min.cleanable.dirty.ratio", "0.3", "at most"),
        TopicSetting("segment.bytes", str(64 * _MEBIBYTE), "at most"),
        TopicSetting("max.compaction.lag.ms", str(_DAY), "at most"),
        *_common(),
    )


def _common() -> tuple[TopicSetting, ...]:
    # Kept by the time of arrival: by event time, a replayed month would be deleted as it arrives.
    return (
        TopicSetting("message.timestamp.type", "LogAppendTime", "exactly"),
        TopicSetting("max.message.bytes", str(_MESSAGE), "at least"),
    )


def _given(days: int, *, logged: bool = False) -> tuple[TopicSetting, ...]:
    """An operator's topic, if they have not made it; compaction would lose earlier requests."""
    return (
        TopicSetting("cleanup.policy", "delete", "exactly" if logged else None),
        TopicSetting("retention.ms", str(days * _DAY)),
        TopicSetting("message.timestamp.type", "LogAppendTime"),
    )


def _refused(days: int) -> tuple[TopicSetting, ...]:
    """Raw records with texts: kept no longer than it takes to look into them."""
    return (
        TopicSetting("cleanup.policy", "delete", "exactly"),
        TopicSetting("retention.ms", str(days * _DAY)),
        TopicSetting("message.timestamp.type", "LogAppendTime", "exactly"),
        # The longest line that is read, its key and its headers.
        TopicSetting("max.message.bytes", str(MAX_LINE + _MESSAGE), "at least"),
    )


def _quorum(replication: int) -> tuple[TopicSetting, ...]:
    """With three copies, two must have a record before it counts as written."""
    if replication < _COPIES_WITH_QUORUM:
        return ()
    return (TopicSetting("min.insync.replicas", "2", "at least"),)


def _amount(value: str) -> float:
    number = float(value)
    return float("inf") if number < 0 else number
