"""The alert event: a finding, why it was made, and which exchanges to look up."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.request import Identifier
from schemas.times import UtcTime

MAX_ACCOUNTS = 1_000
"""Most accounts named by one event; the rest follows in `update` events of the same epoch."""

MAX_EXAMPLES = 20
"""Most requests listed by one event."""

Activity = Literal["create", "update", "close"]
Severity = Literal["info", "low", "medium", "high", "critical"]
EntityKind = Literal["account", "cluster"]
Action = Literal["watch", "verify", "limit", "hold", "ban"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Total = Annotated[int, msgspec.Meta(ge=0)]


class Entity(msgspec.Struct, frozen=True, gc=False):
    """What a finding is about; a cluster id outlives the cluster's members."""

    kind: EntityKind
    id: Identifier


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One signal's word: the value seen, the ordinary one, its weight, and a sentence."""

    signal: str
    value: float
    baseline: float
    weight: float
    text: str


class TieRecord(msgspec.Struct, frozen=True, gc=False):
    """One value that holds a cluster together, with the number of accounts that showed it.

    `value` is in clear for network, client and model, None for payment, fragment, signature, key.
    """

    kind: str
    digest: str
    value: str | None
    accounts: Total


class Example(msgspec.Struct, frozen=True, gc=False):
    """One request by which the provider can look the exchange up."""

    id: Identifier
    time: UtcTime
    account: Identifier


class Response(msgspec.Struct, frozen=True, gc=False):
    """What a person is advised to do; Gauger itself never blocks."""

    action: Action
    reason: str


class AlertEvent(msgspec.Struct, frozen=True, gc=False):
    """One step in the life of a finding. All fields are always written, in this order.

    Attributes:
        alert_id: The finding, the same over its life: a hash of entity and first epoch.
        sequence: 0, 1, 2 … within the finding.
        event_id: A hash of both; never seen twice with different content.
        activity: `create`, `update` or `close`.
        time: Event time at which this was found, never before any request it rests on.
        entity: The account or cluster.
        accounts: Accounts newly named by this event.
        accounts_total: Accounts named so far.
        requests: Requests of the accounts named so far.
        detector: What fired.
        title: The finding in one line.
        severity: From `info` to `critical`.
        score: 1 − `p_value` within the entity's kind.
        p_value: Evidence against ordinary traffic.
        q_value: The same after false-discovery control.
        evidence: The strongest first.
        ties: What holds the cluster.
        examples: Requests to look up.
        response: The advice.
        techniques: MITRE ATLAS ids.
        first_seen: Start of the activity.
        last_seen: Latest of the activity.
        references: Requirements and catalogues that the finding bears upon (`schemas.taxonomy`).
    """

    alert_id: Identifier
    sequence: Total
    event_id: Identifier
    activity: Activity
    time: UtcTime
    entity: Entity
    accounts: Annotated[list[Identifier], msgspec.Meta(max_length=MAX_ACCOUNTS)]
    accounts_total: Total
    requests: Total
    detector: str
    title: str
    severity: Severity
    score: Share
    p_value: Share
    q_value: Share
    evidence: list[Evidence]
    ties: list[TieRecord]
    examples: Annotated[list[Example], msgspec.Meta(max_length=MAX_EXAMPLES)]
    response: Response
    techniques: list[str]
    first_seen: UtcTime
    last_seen: UtcTime
    references: list[str] = msgspec.field(default_factory=list)


def is_dismissed(event: AlertEvent) -> bool:
    """Whether an event closes a finding because a person found it harmless."""
    return event.activity == "close" and event.severity == "info"
