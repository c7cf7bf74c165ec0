"""Names of topics and consumer groups: all that differs is the prefix and the application."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from stream.broker.options import KafkaOptions

MOST_CHARACTERS = 200
"""Longest prefix or application name: Kafka takes 249 characters, and our endings fit in."""

_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicNames:
    """Every topic of an application.

    Attributes:
        requests: Request topics, read.
        facts: Facts about accounts, read.
        feedback: Verdicts on alerts, read.
        events: Batches of rows by account.
        ties: Batches of tie partials by tie.
        control: What the head tells all partitions; one partition.
        findings: What partitions tell the head; one partition.
        sources: Where ingest stands in each request partition; one partition, compacted.
        account_scores: The latest score of each account, compacted.
        cluster_scores: The latest score of each cluster, compacted.
        alerts: Alerts.
        responses: What is recommended for each account, where `gauger forward` writes it.
        dead_letters: Records that were refused.
        accounts_changelog: State of the account partitions, compacted.
        ties_changelog: State of the tie partitions, compacted.
        head_changelog: State of the head; one partition, compacted.
    """

    requests: tuple[str, ...]
    facts: str
    feedback: str
    events: str
    ties: str
    control: str
    findings: str
    sources: str
    account_scores: str
    cluster_scores: str
    alerts: str
    responses: str
    dead_letters: str
    accounts_changelog: str
    ties_changelog: str
    head_changelog: str

    @classmethod
    def of(cls, options: KafkaOptions) -> Self:
        """The names that these options lead to."""
        prefix, application = options.prefix, options.application
        return cls(
            requests=options.requests or (f"{prefix}.requests",),
            facts=options.facts or f"{prefix}.facts",
            feedback=options.feedback or f"{prefix}.feedback",
            events=f"{prefix}.events",
            ties=f"{prefix}.ties",
            control=f"{prefix}.control",
            findings=f"{prefix}.findings",
            sources=f"{prefix}.sources",
            account_scores=f"{prefix}.scores.accounts",
            cluster_scores=f"{prefix}.scores.clusters",
            alerts=f"{prefix}.alerts",
            responses=f"{prefix}.responses",
            dead_letters=f"{prefix}.deadletters",
            accounts_changelog=f"{application}-accounts-changelog",
            ties_changelog=f"{application}-ties-changelog",
            head_changelog=f"{application}-head-changelog",
        )

    @property
    def written(self) -> frozenset[str]:
        """Topics that Gauger writes: none of them can be a request topic."""
        read = {"requests", "facts", "feedback"}
        return frozenset(getattr(self, one.name) for one in fields(self) if one.name not in read)


def is_topic_name(name: str) -> bool:
    """Whether Kafka takes it as the name of a topic."""
    return _TOPIC.fullmatch(name) is not None


def groups_of(options: KafkaOptions) -> tuple[str, str]:
    """Consumer groups of an application: that of its stages, and that of ingest."""
    return options.application, f"{options.application}-ingest"
