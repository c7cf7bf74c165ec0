"""What a rehearsal came to: figures of the whole, and of each campaign."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import orjson

from bench.rehearsal.february import EXCHANGES, FEBRUARY, Disclosed
from bench.rehearsal.streaming import streamed
from models.judging.judge import judge
from models.judging.judgement import CampaignJudgement
from schemas.codec import decode_truth
from stream.simulator import Simulation
from stream.simulator.leakage import Leak


class Fared(msgspec.Struct, frozen=True):
    """How a campaign fared.

    Attributes:
        family: Its family.
        accounts: Accounts that it used.
        accounts_published: Those of the disclosure.
        requests: What they sent, cover included.
        requests_published: Exchanges of the disclosure.
        harvest: Requests that serve the harvest.
        found: Whether an alert was correct for it.
        time: When the first one was, in event time.
        hours: Event time from the first harvest request to that.
        leaked: Share of the harvest before it.
        recall: Share of the accounts that correct alerts named.
        precision: Share of those named that are its accounts.
        telling: Fields and account figures that alone tell it from ordinary traffic better than
            the simulator's guard lets pass, each with its AUC; the judged part's only.
    """

    family: str
    accounts: int
    accounts_published: int
    requests: int
    requests_published: int
    harvest: int
    found: bool
    time: str | None
    hours: float | None
    leaked: float | None
    recall: float
    precision: float | None
    telling: dict[str, float]


class Rehearsal(msgspec.Struct, frozen=True):
    """All figures.

    Attributes:
        part: `judged` or `load`.
        seed: The simulation's.
        corpora: Whether texts are in the style of real prompts.
        requests: What was streamed.
        ordinary: Requests that belong to no campaign.
        contamination: Share of all requests that campaign accounts sent, cover included.
        factor: Requests of campaign accounts over the exchanges published.
        accounts: Account profiles that the detector held in the end.
        ties: Ties that it held.
        prepared: Seconds from the start to the first request, not in `seconds`.
        seconds: Wall clock of the stream.
        a_second: Requests a second of it.
        generating: CPU seconds of the generator.
        detecting: CPU seconds of the detector.
        memory: Peak of the whole process, bytes.
        campaigns: How each fared.
        correct_alerts: Alerts by verdict.
        mixed_alerts: Alerts by verdict.
        false_alerts: Alerts by verdict.
        false_alerts_per_million: False alerts a million ordinary requests.
    """

    part: str
    seed: int
    corpora: bool
    requests: int
    ordinary: int
    contamination: float
    factor: float
    accounts: int
    ties: int
    prepared: float
    seconds: float
    a_second: float
    generating: float
    detecting: float
    memory: int
    campaigns: list[Fared]
    correct_alerts: int
    mixed_alerts: int
    false_alerts: int
    false_alerts_per_million: float | None


def rehearsed(
    part: str, simulation: Simulation, begun: float, leaks: Iterable[Leak], *, corpora: bool
) -> Rehearsal:
    """Stream a simulation and judge what was found; `begun` is a reading of `perf_counter`."""
    telling: list[dict[str, float]] = [{} for _ in FEBRUARY]
    for leak in leaks:
        if leak.too_high:
            telling[leak.campaign][leak.field] = leak.auc
    prepared = time.perf_counter() - begun
    took = streamed(simulation)
    record = simulation.truth.record()
    verdict = judge(took.alerts, decode_truth(orjson.dumps(record)), took.traffic)
    sent = verdict.requests - verdict.benign_requests
    return Rehearsal(
        part=part,
        seed=simulation.streams.seed,
        corpora=corpora,
        requests=verdict.requests,
        ordinary=verdict.benign_requests,
        contamination=sent / verdict.requests,
        factor=sent / EXCHANGES,
        accounts=took.accounts,
        ties=took.ties,
        prepared=prepared,
        seconds=took.seconds,
        a_second=verdict.requests / took.seconds,
        generating=took.generating,
        detecting=took.detecting,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        campaigns=[
            _fared(*each)
            for each in zip(FEBRUARY, verdict.campaigns, record["campaigns"], telling, strict=True)
        ],
        correct_alerts=verdict.correct_alerts,
        mixed_alerts=verdict.mixed_alerts,
        false_alerts=verdict.false_alerts,
        false_alerts_per_million=verdict.false_alerts_per_million,
    )


def _fared(
    disclosed: Disclosed, one: CampaignJudgement, truth: dict[str, Any], telling: dict[str, float]
) -> Fared:
    harvest = sum(requests for _, requests in truth["harvest"])
    return Fared(
        family=one.family,
        accounts=one.accounts,
        accounts_published=disclosed.accounts,
        requests=harvest + truth["cover_requests"],
        requests_published=disclosed.exchanges,
        harvest=harvest,
        found=one.found,
        time=one.time,
        hours=None if one.seconds is None else one.seconds / 3_600.0,
        leaked=one.leaked,
        recall=one.recall,
        precision=one.precision,
        telling=telling,
    )


def told(one: Rehearsal) -> Iterator[str]:
    """The figures in words and a table."""
    texts = "corpora that no weight was fitted on" if one.corpora else "the simulator"
    yield f"{one.part}, seed {one.seed}, texts of {texts}"
    yield (
        f"{one.requests:,} requests, {one.ordinary:,} of them ordinary; contamination "
        f"{one.contamination:.2%}; the campaigns at {one.factor:.4f} of the published exchanges"
    )
    yield (
        f"{one.seconds:,.0f} s, {one.a_second:,.0f} requests a second, after {one.prepared:,.0f} s "
        f"of preparation; CPU {one.generating:,.0f} s to generate, {one.detecting:,.0f} s to detect"
    )
    yield f"{one.memory / 2**30:.2f} GiB, with {one.accounts:,} accounts and {one.ties:,} ties"
    rate = one.false_alerts_per_million
    yield (
        f"alerts: {one.correct_alerts} correct, {one.mixed_alerts} mixed, {one.false_alerts} false"
        + ("" if rate is None else f" ({rate:.2f} a million ordinary requests)")
    )
    yield "| campaign | accounts (published) | requests | alerted | leaked | recall | precision |"
    yield "|" + " --- |" * 7
    yield from map(_row, one.campaigns)
    for campaign in one.campaigns:
        for name, auc in campaign.telling.items():
            yield f"`{campaign.family}`: `{name}` alone tells it, AUC {auc:.2f}"


def _row(one: Fared) -> str:
    first = "none" if one.hours is None else f"{one.time}, after {one.hours:.1f} h"
    leaked = "" if one.leaked is None else f"{one.leaked:.1%}"
    precision = "" if one.precision is None else f"{one.precision:.3f}"
    return (
        f"| `{one.family}` | {one.accounts:,} ({one.accounts_published:,}) | {one.requests:,} "
        f"| {first} | {leaked} | {one.recall:.3f} | {precision} |"
    )
