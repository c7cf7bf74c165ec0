"""Judging an alert event stream against the truth: who was found, when, and at what price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from models.judging.findings import Finding, Findings, in_order
from models.judging.judgement import (
    AlertJudgement,
    CampaignJudgement,
    FamilyJudgement,
    Judgement,
    Traffic,
    Verdict,
)
from models.judging.overlap import cluster_f1
from models.judging.pools import Names, Pools
from schemas.alert import AlertEvent
from schemas.times import to_microseconds, to_rfc3339
from schemas.truth import Campaign, Truth

_MINUTE = 60_000_000
_DAY = 86_400_000_000


def judge(events: Iterable[AlertEvent], truth: Truth, traffic: Traffic) -> Judgement:
    """Judge an alert event stream.

    Args:
        events: In any order; repeated events count once.
        truth: The labels of the same traffic.
        traffic: Its size and span.
    """
    pools = Pools(truth)
    stream = in_order(events)
    findings = Findings()
    names: dict[str, Names] = {}
    correct: dict[int, dict[str, int]] = defaultdict(dict)
    for event in stream:
        findings.add(event)
        named = names.setdefault(event.alert_id, Names(pools))
        named.add(event.accounts)
        time = to_microseconds(event.time, "time")
        for campaign in named.correct_for(time):
            correct[campaign].setdefault(event.alert_id, time)
    found = {finding.latest.alert_id: finding for finding in findings.all()}
    campaigns = [
        _campaign(campaign, correct.get(index, {}), found, _pool_accounts(pools, index))
        for index, campaign in enumerate(truth.campaigns)
    ]
    alerts = [_alert(finding, names[alert], correct, truth) for alert, finding in found.items()]
    return _summary(campaigns, alerts, list(found.values()), truth, traffic)


def _pool_accounts(pools: Pools, campaign: int) -> set[str]:
    pool = pools.of_campaign[campaign]
    return {account for account in pools.of_account if pool in pools.pools_of(account)}


def _alert(
    finding: Finding, names: Names, correct: dict[int, dict[str, int]], truth: Truth
) -> AlertJudgement:
    alert_id = finding.latest.alert_id
    campaigns = [
        truth.campaigns[index].id for index in sorted(correct) if alert_id in correct[index]
    ]
    verdict: Verdict = "correct" if campaigns else "mixed"
    return AlertJudgement(
        alert_id=alert_id,
        verdict="false" if names.is_false() else verdict,
        title=finding.latest.title,
        time=to_rfc3339(finding.first_time),
        accounts=names.total,
        known=names.known,
        campaigns=campaigns,
    )


def _campaign(
    campaign: Campaign, correct: dict[str, int], found: dict[str, Finding], pool: set[str]
) -> CampaignJudgement:
    own = {account.id for account in campaign.accounts}
    end = _end(campaign)
    named = {
        account
        for alert_id in correct
        for account, time in found[alert_id].accounts.items()
        if end is None or time <= end
    }
    alert_id = min(correct, key=lambda alert: (correct[alert], alert), default=None)
    time = None if alert_id is None else correct[alert_id]
    begin = min((minute * _MINUTE for minute, _ in campaign.harvest), default=None)
    return CampaignJudgement(
        id=campaign.id,
        family=campaign.family,
        found=alert_id is not None,
        alert_id=alert_id,
        time=None if time is None else to_rfc3339(time),
        seconds=None if time is None or begin is None else (time - begin) / 1e6,
        leaked=_leaked(campaign, time),
        accounts=len(own),
        named=len(named),
        precision=_share(len(named & pool), len(named)),
        recall=_share(len(named & own), len(own)) or 0.0,
    )


def _end(campaign: Campaign) -> int | None:
    ends = [(minute + 1) * _MINUTE for minute, _ in campaign.harvest]
    for account in campaign.accounts:
        if account.end is None:
            return None
        ends.append(to_microseconds(account.end, "to"))
    return max(ends, default=None)


def _leaked(campaign: Campaign, time: int | None) -> float | None:
    total = sum(requests for _, requests in campaign.harvest)
    before = sum(
        requests for minute, requests in campaign.harvest if time is None or minute * _MINUTE < time
    )
    return _share(before, total)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _families(campaigns: Sequence[CampaignJudgement]) -> list[FamilyJudgement]:
    members: dict[str, list[CampaignJudgement]] = defaultdict(list)
    for campaign in campaigns:
        members[campaign.family].append(campaign)
    return [
        FamilyJudgement(
            family=family,
            campaigns=len(group),
            found=sum(campaign.found for campaign in group),
            median_leaked=_median_leaked(group),
        )
        for family, group in sorted(members.items())
    ]


def _median_leaked(campaigns: Sequence[CampaignJudgement]) -> float | None:
    leaked = [campaign.leaked for campaign in campaigns if campaign.leaked is not None]
    return median(leaked) if leaked else None


def _summary(
    campaigns: list[CampaignJudgement],
    alerts: list[AlertJudgement],
    findings: list[Finding],
    truth: Truth,
    traffic: Traffic,
) -> Judgement:
    verdicts = [alert.verdict for alert in alerts]
    truth_groups = [{account.id for account in campaign.accounts} for campaign in truth.campaigns]
    serving = set().union(*truth_groups)
    named = {account for finding in findings for account in finding.accounts}
    days = (traffic.last - traffic.first) / _DAY
    false = verdicts.count("false")
    benign = truth.benign_requests
    return Judgement(
        campaigns=campaigns,
        families=_families(campaigns),
        alerts=alerts,
        found=sum(campaign.found for campaign in campaigns),
        median_leaked=_median_leaked(campaigns),
        correct_alerts=verdicts.count("correct"),
        mixed_alerts=verdicts.count("mixed"),
        false_alerts=false,
        false_alerts_per_million=_share(1_000_000 * false, benign),
        false_alerts_per_day=_share(false, days),
        precision=_share(len(named & serving), len(named)),
        recall=_share(len(named & serving), len(serving)),
        cluster_f1=cluster_f1(truth_groups, [finding.accounts for finding in findings]),
        requests=traffic.requests,
        benign_requests=benign,
        days=days,
        notes=_contradictions(truth, traffic),
    )


def _contradictions(truth: Truth, traffic: Traffic) -> list[str]:
    notes = []
    harvest = sum(requests for campaign in truth.campaigns for _, requests in campaign.harvest)
    if truth.benign_requests + harvest > traffic.requests:
        notes.append(
            f"the truth counts {truth.benign_requests} benign and {harvest} harvest requests, "
            f"the traffic only {traffic.requests}"
        )
    for campaign in truth.campaigns:
        minutes = [minute for minute, _ in campaign.harvest]
        if minutes and not (
            traffic.first - _MINUTE
            < min(minutes) * _MINUTE
            <= max(minutes) * _MINUTE
            <= traffic.last
        ):
            notes.append(f"campaign {campaign.id} harvests outside the time of the traffic")
    return notes
