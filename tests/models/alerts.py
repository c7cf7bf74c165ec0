"""Alert events and truths in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alert import AlertEvent, Entity, Evidence, Response, Severity, TieRecord
from schemas.times import to_rfc3339
from schemas.truth import Campaign, CampaignAccount

MINUTE = 60


def alert(
    alert_id: str,
    accounts: Sequence[str],
    *,
    at: float,
    sequence: int = 0,
    total: int | None = None,
    severity: Severity = "high",
) -> AlertEvent:
    """An event that names `accounts` at Unix second `at`."""
    time = to_rfc3339(round(at * 1e6))
    return AlertEvent(
        alert_id=alert_id,
        sequence=sequence,
        event_id=f"{alert_id}-{sequence}",
        activity="update" if sequence else "create",
        time=time,
        entity=Entity("cluster", f"cluster-{alert_id}"),
        accounts=list(accounts),
        accounts_total=len(accounts) if total is None else total,
        requests=100,
        detector="shared_fragment",
        title="One fragment in the prompts of several accounts",
        severity=severity,
        score=0.999,
        p_value=0.001,
        q_value=0.01,
        evidence=[Evidence("evenness", 0.9, 0.2, 3.0, "load is dealt evenly")],
        ties=[TieRecord("fragment", "ab12", None, len(accounts))],
        examples=[],
        response=Response("hold", "harvest is running"),
        techniques=["AML.T0024"],
        first_seen=time,
        last_seen=time,
    )


def names(prefix: str, count: int, first: int = 0) -> list[str]:
    """Account names such as `a0`, `a1` …"""
    return [f"{prefix}{index}" for index in range(first, first + count)]


def campaign(
    identity: str,
    accounts: Sequence[str],
    harvest: Sequence[tuple[int, int]] = ((1, 10), (2, 10), (3, 10), (4, 10)),
    *,
    start: float = 0,
    end: float | None = None,
    family: str = "fragment",
) -> Campaign:
    """A campaign all of whose accounts serve from `start` to `end`, Unix seconds."""
    members = [CampaignAccount(account, start, end) for account in accounts]
    return Campaign(identity, family, [], members, list(harvest))
