"""The figures of one detector on one run that holds one campaign."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from models.judging.judge import judge
from models.judging.judgement import Traffic
from schemas.alert import AlertEvent
from schemas.times import to_microseconds
from schemas.truth import Campaign, Truth

_MINUTE = 60_000_000


class Outcome(msgspec.Struct, frozen=True):
    """How a detector fared.

    Attributes:
        family: The campaign's family.
        seed: The run's.
        detector: Whose figures these are.
        rule: `budget` for the threshold set on ordinary traffic, else the fixed rule's name.
        found: Whether any alert was ever correct for the campaign.
        leaked: Share of harvest requests before the first correct alert; 1 when there is none.
        leaked_before_naming: The same before any alert names any of its accounts at all, which is
            the kindest way to read alerts about single accounts.
        recall: Share of the campaign's accounts that any alert names.
        precision: Share of all accounts named that are the campaign's; None when none is.
        alerts: Findings raised.
        false_alerts: Those of them that the judge calls false.
        accused: Accounts named that serve no campaign.
        benign_requests: Requests that belong to no campaign.
        events_per_second: Requests, from lines to scores, a second of CPU time.
    """

    family: str
    seed: int
    detector: str
    rule: str
    found: bool
    leaked: float
    leaked_before_naming: float
    recall: float
    precision: float | None
    alerts: int
    false_alerts: int
    accused: int
    benign_requests: int
    events_per_second: float

    @property
    def false_per_million(self) -> float:
        """False alerts a million ordinary requests."""
        return 1e6 * self.false_alerts / max(1, self.benign_requests)


def outcome(
    names: tuple[str, str],
    seed: int,
    alerts: Sequence[AlertEvent],
    truth: Truth,
    traffic: Traffic,
    seconds: float,
) -> Outcome:
    """Judge alerts about a run with exactly one campaign; `names` are the detector's and rule's."""
    (campaign,) = truth.campaigns
    verdict = judge(alerts, truth, traffic)
    (fate,) = verdict.campaigns
    own = {account.id for account in campaign.accounts}
    named = {account for event in alerts for account in event.accounts}
    return Outcome(
        family=campaign.family,
        seed=seed,
        detector=names[0],
        rule=names[1],
        found=fate.found,
        leaked=1.0 if fate.leaked is None else fate.leaked,
        leaked_before_naming=_leaked_before_naming(alerts, campaign, own),
        recall=verdict.recall or 0.0,
        precision=verdict.precision,
        alerts=len(verdict.alerts),
        false_alerts=verdict.false_alerts,
        accused=len(named - own),
        benign_requests=verdict.benign_requests,
        events_per_second=traffic.requests / max(seconds, 1e-9),
    )


def _leaked_before_naming(alerts: Sequence[AlertEvent], campaign: Campaign, own: set[str]) -> float:
    times = [
        to_microseconds(event.time, "time")
        for event in alerts
        if not own.isdisjoint(event.accounts)
    ]
    before = sum(
        requests
        for minute, requests in campaign.harvest
        if not times or minute * _MINUTE < min(times)
    )
    return before / max(1, sum(requests for _, requests in campaign.harvest))
