"""What a judgement of alerts says: the figures for each campaign, each alert and the whole run."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["correct", "mixed", "false"]


class Traffic(msgspec.Struct, frozen=True):
    """The judged traffic: number of requests, first and last event time in microseconds."""

    requests: int
    first: int
    last: int


class AlertJudgement(msgspec.Struct, frozen=True):
    """One alert over its whole life.

    Attributes:
        alert_id: The finding.
        verdict: `false` when fewer than half of the accounts that it named in the end belong to
            any campaign; else `correct` when it ever was correct for one; else `mixed`.
        title: Its latest title.
        time: When it was first made.
        accounts: Accounts named.
        known: Those of them that belong to any campaign.
        campaigns: Campaigns that it was ever correct for.
    """

    alert_id: str
    verdict: Verdict
    title: str
    time: str
    accounts: int
    known: int
    campaigns: list[str]


class CampaignJudgement(msgspec.Struct, frozen=True):
    """How one campaign fared.

    Attributes:
        id: The campaign.
        family: Its family.
        found: Whether any alert was correct for it, at any time.
        alert_id: The first that was.
        time: When that was.
        seconds: Seconds from the first harvest request's minute to `time`.
        leaked: Share of harvest requests in minutes that began before `time`; 1 when not found,
            None without harvest.
        accounts: Accounts that served it.
        named: Accounts named, up to its end, by alerts that are correct for it. Its end is its
            last harvest minute or the last `to`, and never when an account has none.
        precision: Share of `named` that belongs to its pool (to it alone when it shares no
            account); None when none is named.
        recall: Share of its accounts that are among `named`.
    """

    id: str
    family: str
    found: bool
    alert_id: str | None
    time: str | None
    seconds: float | None
    leaked: float | None
    accounts: int
    named: int
    precision: float | None
    recall: float


class FamilyJudgement(msgspec.Struct, frozen=True):
    """The campaigns of one family: how many, how many found, median of leaked."""

    family: str
    campaigns: int
    found: int
    median_leaked: float | None


class Judgement(msgspec.Struct, frozen=True):
    """All figures of a run.

    Attributes:
        campaigns: Each campaign, in the order of the truth.
        families: The same by family.
        alerts: Each alert, in the order of the stream.
        found: Campaigns found.
        median_leaked: Over all campaigns, those not found with 1.
        correct_alerts: Alerts by verdict.
        mixed_alerts: Alerts by verdict.
        false_alerts: Alerts by verdict.
        false_alerts_per_million: False alerts per million benign requests; None without these.
        false_alerts_per_day: False alerts per day of traffic; None when all is at one moment.
        precision: Share of all accounts named by any alert that belong to any campaign.
        recall: Share of all campaigns' accounts that any alert named.
        cluster_f1: Mean of two means: of the best F1 of each campaign over the alerts, and of
            each alert over the campaigns (Yang and Leskovec, 2013, for overlapping clusters).
        requests: Requests judged.
        benign_requests: Those that belong to no campaign.
        days: Event time from the first to the last request.
        notes: Where truth and traffic contradict each other.
    """

    campaigns: list[CampaignJudgement]
    families: list[FamilyJudgement]
    alerts: list[AlertJudgement]
    found: int
    median_leaked: float | None
    correct_alerts: int
    mixed_alerts: int
    false_alerts: int
    false_alerts_per_million: float | None
    false_alerts_per_day: float | None
    precision: float | None
    recall: float | None
    cluster_f1: float | None
    requests: int
    benign_requests: int
    days: float
    notes: list[str]
