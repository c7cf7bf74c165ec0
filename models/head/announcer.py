"""The life of findings: clusters become alert events.

Each event has an identity, a severity, advice and evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from models.evidence.baseline import RankTables
from models.evidence.tie_score import TieScore
from models.head.cluster import Cluster
from models.head.explanation import explain_account, explain_crossing, explain_tie
from models.requests.kinds import TieKind, kind_of, shown_value
from models.signals import SIGNALS
from models.ties.stage import LEAST_MEMBERS
from models.wire.messages import AccountScores, Holder
from schemas.alert import (
    MAX_ACCOUNTS,
    MAX_EXAMPLES,
    Activity,
    AlertEvent,
    Entity,
    Evidence,
    Example,
    Response,
    Severity,
    TieRecord,
)
from schemas.score import STRONGEST, ScoreRecord
from schemas.taxonomy import REFERENCES
from schemas.times import to_rfc3339

DETECTOR = "gauger.ties"
_MICROSECONDS = 1_000_000
_MOST_TIES = 20
_GROWTH = 1.25
_CLOSE_DAYS = 5.0

_SHARED = {
    TieKind.FRAGMENT: "a fragment of their prompts",
    TieKind.PAYMENT: "a payment instrument",
    TieKind.ADDRESS: "an address",
    TieKind.NETWORK: "a network",
    TieKind.CLIENT: "a client program",
    TieKind.TOOLS: "a set of tools",
    TieKind.SHAPE: "a set of parameters",
    TieKind.SIGNATURE: "reasoning signatures",
}


class Announcer:
    """Turns clusters into alert events; `epoch_seconds` and `lateness_seconds` date them."""

    def __init__(self, epoch_seconds: int, lateness_seconds: int, score: TieScore) -> None:
        self._epoch = epoch_seconds * _MICROSECONDS
        self._lateness = lateness_seconds * _MICROSECONDS
        self._idle_epochs = round(_CLOSE_DAYS * 86_400 / epoch_seconds)
        self._score = score
        self._clear: dict[int, str] = {}

    def time_of(self, epoch: int) -> int:
        """Event time at which an epoch is decided: its end and the lateness it waited for."""
        return (epoch + 1) * self._epoch + self._lateness

    def end_of(self, epoch: int) -> int:
        """Event time at which an epoch ends, microseconds."""
        return (epoch + 1) * self._epoch

    def idle_before(self, epoch: int) -> int:
        """The epoch since which a cluster must have changed to be open in this one."""
        return epoch - self._idle_epochs

    @staticmethod
    def alert_id(cluster: Cluster) -> str:
        """Id of the finding that a cluster is."""
        return _digest("finding", cluster.id, str(cluster.first_epoch))

    @staticmethod
    def entity_id(tie: int, epoch: int) -> str:
        """Id of the cluster that this tie founds in this epoch."""
        return _digest("cluster", str(tie), str(epoch))

    def note_clear(self, clear: Mapping[int, str]) -> None:
        """Remember values that may be shown."""
        self._clear.update(clear)

    def has_news(self, cluster: Cluster, epoch: int) -> bool:
        """Whether a cluster has anything to announce in this epoch (or must be closed)."""
        return self._has_ended(cluster, epoch) or _step(cluster, len(cluster.fresh)) is not None

    def _has_ended(self, cluster: Cluster, epoch: int) -> bool:
        return cluster.dismissed or cluster.last_epoch < self.idle_before(epoch)

    def announce(
        self, cluster: Cluster, epoch: int, holders: Mapping[int, Holder]
    ) -> list[AlertEvent]:
        """The events that this epoch adds to the finding; none when nothing changed enough."""
        ended = self._has_ended(cluster, epoch)
        if ended and cluster.closed:
            return []
        if ended and cluster.sequence < 0:
            cluster.closed = True
            return []
        fresh = [] if ended else [account for account in cluster.fresh if account in holders]
        step = "close" if ended else _step(cluster, len(fresh))
        if step is None:
            return []
        severity = _severity(cluster, len(cluster.named) + len(fresh))
        return self._events(cluster, step, fresh, epoch, holders, severity)

    def _events(
        self,
        cluster: Cluster,
        activity: Activity,
        fresh: Sequence[int],
        epoch: int,
        holders: Mapping[int, Holder],
        severity: Severity,
    ) -> list[AlertEvent]:
        events = []
        for start in range(0, max(len(fresh), 1), MAX_ACCOUNTS):
            part = fresh[start : start + MAX_ACCOUNTS]
            cluster.named.update(dict.fromkeys(part, epoch))
            cluster.banned.update(account for account in part if holders[account].banned)
            cluster.strength = max(cluster.strength, cluster.at_large)
            cluster.sequence += 1
            step: Activity = activity if start == 0 else "update"
            events.append(self._event(cluster, step, part, epoch, holders, severity))
        cluster.severity = severity
        cluster.closed = activity == "close"
        return events

    def _event(
        self,
        cluster: Cluster,
        activity: Activity,
        fresh: Sequence[int],
        epoch: int,
        holders: Mapping[int, Holder],
        severity: Severity,
    ) -> AlertEvent:
        named = [holders[account] for account in cluster.named if account in holders]
        alert_id = self.alert_id(cluster)
        evidence = self._evidence(cluster)
        return AlertEvent(
            alert_id=alert_id,
            sequence=cluster.sequence,
            event_id=_digest("event", alert_id, str(cluster.sequence)),
            activity=activity,
            time=to_rfc3339(self.time_of(epoch)),
            entity=Entity("cluster", cluster.id),
            accounts=sorted(holders[account].name for account in fresh),
            accounts_total=len(cluster.named),
            requests=sum(holder.requests for holder in named),
            detector=DETECTOR,
            title=_title(cluster),
            severity=severity,
            score=1.0 - cluster.p_value,
            p_value=cluster.p_value,
            q_value=cluster.q_value,
            evidence=evidence,
            ties=self._ties(cluster),
            examples=_examples(named),
            response=_response(cluster, severity),
            techniques=_techniques(evidence),
            first_seen=to_rfc3339(min((holder.first for holder in named), default=0)),
            last_seen=to_rfc3339(max((holder.last for holder in named), default=0)),
            references=list(REFERENCES),
        )

    def _evidence(self, cluster: Cluster) -> list[Evidence]:
        crossing = [
            explain_crossing(tie.causes, len(tie.accounts), tie.score)
            for tie in sorted(cluster.ties.values(), key=lambda tie: (-tie.causes, tie.key))
            if tie.causes
        ]
        inputs = cluster.ties[cluster.best].inputs
        return crossing + explain_tie(inputs, self._score.contributions(inputs))

    def _ties(self, cluster: Cluster) -> list[TieRecord]:
        strongest = sorted(
            cluster.ties.values(), key=lambda tie: (tie.p_value, -tie.score, tie.key)
        )
        return [
            TieRecord(
                kind_of(tie.key).name.lower(),
                f"{tie.key:016x}",
                shown_value(tie.key, self._clear),
                len(tie.accounts),
            )
            for tie in strongest[:_MOST_TIES]
        ]

    def cluster_score(self, cluster: Cluster, epoch: int) -> ScoreRecord:
        """The latest word on a cluster; its requests are those through its best tie so far."""
        requests = int(cluster.ties[cluster.best].counts.sum())
        return ScoreRecord(
            Entity("cluster", cluster.id),
            epoch,
            1.0 - cluster.p_value,
            cluster.p_value,
            requests,
            self._evidence(cluster)[:STRONGEST],
        )

    @staticmethod
    def account_scores(
        scores: AccountScores, epoch: int, baseline: RankTables
    ) -> list[ScoreRecord]:
        """Score records of the accounts that came due in an epoch."""
        return [
            ScoreRecord(
                Entity("account", name),
                epoch,
                1.0 - float(scores.p_values[row]),
                float(scores.p_values[row]),
                int(scores.requests[row]),
                explain_account(scores.bins[row], scores.ranks[row], baseline, STRONGEST),
            )
            for row, name in enumerate(scores.names)
        ]

    def dump(self) -> dict[int, str]:
        """The state."""
        return self._clear

    def load(self, state: Mapping[Any, str]) -> None:
        """Take what `dump` gave."""
        self._clear = {int(key): text for key, text in state.items()}


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=12, person=b"gauger").hexdigest()


def _step(cluster: Cluster, fresh: int) -> Activity | None:
    """What naming so many more accounts would be: a finding, a change worth telling, or nothing."""
    if cluster.sequence < 0:
        return "create" if fresh >= LEAST_MEMBERS else None
    grown = cluster.at_large + fresh >= _GROWTH * cluster.strength
    # Where members were banned, whoever comes in their place is news at once.
    replaced = cluster.at_large < cluster.strength
    changed = _severity(cluster, len(cluster.named) + fresh) != cluster.severity
    raised = changed and cluster.verdict == "confirm" and not cluster.closed
    # Closed by a dismissal that has ended: it stands again, with whomever it had named.
    resumed = cluster.severity == "info" and not cluster.verdict
    return "update" if raised or resumed or (fresh and (grown or replaced or changed)) else None


def _severity(cluster: Cluster, accounts: int) -> Severity:
    """By the accounts named; what people have dismissed or confirmed is worth less or more."""
    if cluster.dismissed:
        return "info"
    by_size = _severity_of(accounts)
    return "high" if cluster.verdict == "confirm" and by_size != "critical" else by_size


def _severity_of(accounts: int) -> Severity:
    if accounts < 5:
        return "low"
    if accounts < 20:
        return "medium"
    return "high" if accounts < 200 else "critical"


def _title(cluster: Cluster) -> str:
    kind = kind_of(cluster.ties[cluster.best].key)
    return f"{len(cluster.named)} accounts act as one and share {_SHARED[kind]}"


def _response(cluster: Cluster, severity: Severity) -> Response:
    accounts = len(cluster.named)
    if cluster.dismissed:
        return Response("watch", "dismissed: nothing is to be done")
    if cluster.verdict == "confirm":
        return Response("hold", f"confirmed: hold the {accounts} accounts while they are checked")
    if severity == "low":
        return Response("watch", "few accounts so far; look at the examples before acting")
    if severity == "medium":
        return Response("verify", f"ask the owners of the {accounts} accounts for verification")
    return Response(
        "limit", f"limit the {accounts} accounts as one principal while they are checked"
    )


def _techniques(evidence: Sequence[Evidence]) -> list[str]:
    by_id = {signal.id: signal for signal in SIGNALS.values()}
    found = {technique for piece in evidence for technique in by_id[piece.signal].techniques}
    return sorted({"AML.T0024.002", *found})


def _examples(named: Sequence[Holder]) -> list[Example]:
    latest = sorted(named, key=lambda holder: (-holder.example_time, holder.name))[:MAX_EXAMPLES]
    return [
        Example(holder.example_id, to_rfc3339(holder.example_time), holder.name)
        for holder in latest
    ]
