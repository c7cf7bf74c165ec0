"""The guard of the ruler: no single field, and no single figure of an account, gives a family away.

A benchmark whose attacks differ from ordinary traffic in one column measures nothing. So each run
is inspected before it is written: every field of harvest requests against ordinary requests, every
plain figure of campaign accounts against ordinary accounts, by the area under the ROC curve.
Identities (accounts, payments, addresses, sessions, the wording of prompts) are not looked up by
value, since no rule about them outlives a run; who shares them is what a detector has to find.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from stream.simulator.account_figures import account_figures
from stream.simulator.generate import Simulation
from stream.simulator.randomness import Flags, Floats, Ints, mix, uniform_of
from stream.simulator.render import Record
from stream.simulator.rows import Rows, join

FIELD_LIMIT = 0.75
ACCOUNT_LIMIT = 0.9
_FOLDS = 5
_PRIOR = 20.0
_ORDINARY = 20_000
_HARVEST = 5_000
_ACCOUNT_ROWS = 400_000

# (family, field or account figure): why it may tell.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("probe", "refused"): "most techniques are refused; that is the family",
    ("probe", "stop_reason"): "names the refusal",
    ("probe", "output_tokens"): "refusals are short",
    ("probe", "latency_ms"): "refusals are short, so they are fast",
    ("probe", "refused_share"): "most techniques are refused; that is the family",
    ("probe", "gap_mean"): "hundreds of requests an account within hours",
    ("probe", "busy"): "hundreds of requests an account within hours",
    ("relay", "signatures_presented"): "signatures that cross accounts are the family",
    ("agentic", "tools"): "shared tool schemas are the family",
    ("agentic", "tools_offered"): "tool orchestration is the family",
    ("agentic", "system"): "shared scaffolding is the family",
    ("agentic", "system_length"): "every agent carries scaffolding",
    ("probe", "hour"): "a probe phase is over within hours",
    ("probe", "night_share"): "a probe phase is over within hours",
    ("probe", "weekend_share"): "a probe phase is over within hours",
}

_NUMERIC = (
    "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "max_tokens",
    "temperature", "n", "messages", "images", "latency_ms", "hour", "age", "prompt_length",
    "system_length", "tools_offered", "signatures_issued", "signatures_presented",
)  # fmt: skip
_CATEGORIES = (
    "route", "operation", "model", "asn", "country", "user_agent", "tls_fingerprint", "plan",
    "stop_reason", "status", "refused", "system", "tools",
)  # fmt: skip
# Numbers that take few values are also compared as categories: a constant in the middle of the
# others' range has no rank to betray it.
_VALUES = ("temperature", "max_tokens", "n", "messages", "images", "tools_offered")
_PRESENCE = (
    "org", "api_key", "end_user", "session", "ip", "payment", "account_created", "max_tokens",
    "temperature", "cached_tokens", "prompt", "system", "tools",
)  # fmt: skip


class LeakError(ValueError):
    """A field or an account figure separates a family; the message names it."""


@dataclass(frozen=True, slots=True)
class Leak:
    """How well one field or account figure alone tells a campaign from ordinary traffic."""

    campaign: int
    family: str
    level: str
    field: str
    auc: float

    @property
    def limit(self) -> float:
        """The highest AUC allowed."""
        return FIELD_LIMIT if self.level == "field" else ACCOUNT_LIMIT

    @property
    def excepted(self) -> str | None:
        """Why this may tell, if it may."""
        return EXCEPTIONS.get((self.family, self.field))

    @property
    def too_high(self) -> bool:
        """Whether this must not be."""
        return self.auc > self.limit and self.excepted is None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows to judge by: a sample of requests, and the whole history of a sample of accounts."""

    requests: Rows
    histories: Rows


def ordinary_evidence(simulation: Simulation) -> Evidence:
    """A sample of a run's ordinary traffic; it does not depend on the campaigns' draws."""
    expected = max(simulation.world.scenario.requests, 1.0)
    share, kept = min(1.0, _ORDINARY / expected), min(1.0, _ACCOUNT_ROWS / expected)
    chosen, histories = [], []
    for day in simulation.days():
        rows = join(list(simulation.ordinary(day)))
        draws = simulation.streams.named("leakage", day.number).random(rows.size)
        chosen.append(rows[draws < share])
        sampled = uniform_of(rows["account"].astype(np.int64), 201) < kept
        histories.append(rows[sampled])
    return Evidence(join(chosen), join(histories))


def check_leakage(
    simulation: Simulation,
    ordinary: Evidence | None = None,
    least_harvest: int = 200,
    least_accounts: int = 10,
) -> list[Leak]:
    """Every field and account figure of every campaign, the most telling first.

    `ordinary` spares sampling the ordinary traffic again when only campaigns were drawn anew.
    Campaigns with fewer harvest requests or accounts than the least are not judged: a handful of
    draws separates from anything by chance.
    """
    seen = ordinary or ordinary_evidence(simulation)
    active = join([rows for day in simulation.days() for rows in simulation.campaigning(day)])
    requests = join([seen.requests, _thinned(simulation, active[active["harvest"]])])
    harvest = requests["campaign"] >= 0
    rng = simulation.streams.named("leakage", "text")
    columns = field_columns(list(simulation.renderer.records(rng, requests, 0)))
    figures = account_figures(join([seen.histories, active]), simulation.world.people.table)
    leaks: list[Leak] = []
    for campaign in simulation.campaigns:
        number, family = campaign.number, campaign.family
        own = harvest & (requests["campaign"] == number)
        if own.sum() >= least_harvest:
            rows = np.flatnonzero(own | ~harvest)
            aucs = field_aucs(columns, rows, own[rows], requests["account"][rows].astype(np.int64))
            leaks += [Leak(number, family, "field", name, auc) for name, auc in aucs.items()]
        theirs = figures["campaign"] == number
        if theirs.sum() >= least_accounts:
            rows = np.flatnonzero(theirs | (figures["campaign"] < 0))
            for name, values in figures.items():
                if name != "campaign":
                    auc = two_sided_auc(values[rows], theirs[rows])
                    leaks.append(Leak(number, family, "account", name, auc))
    return sorted(leaks, key=lambda leak: -leak.auc / leak.limit)


def require_no_leak(leaks: Iterable[Leak]) -> None:
    """Raises LeakError with the first leak that is too high."""
    for leak in leaks:
        if leak.too_high:
            raise LeakError(
                f"{leak.level} {leak.field!r} alone separates {leak.family!r} from the rest: "
                f"AUC {leak.auc:.3f} > {leak.limit}"
            )


def field_columns(records: list[Record]) -> dict[str, Any]:
    """Comparable columns of request fields: numbers, categories, and whether a field is there."""
    columns: dict[str, Any] = {}
    for name in _NUMERIC:
        columns[name] = np.array([_number(record, name) for record in records], dtype=np.float64)
    for name in _CATEGORIES:
        values = [str(record.get(name)) for record in records]
        columns[f"{name}="] = np.unique(
            np.array(values, dtype=object).astype(str), return_inverse=True
        )[1]
    for name in _VALUES:
        columns[f"{name}="] = np.unique(columns[name], return_inverse=True)[1]
    for name in _PRESENCE:
        columns[f"{name}?"] = np.array([name in record for record in records], dtype=np.int64)
    return columns


def field_aucs(
    columns: dict[str, Any], rows: Ints, positive: Flags, accounts: Ints
) -> dict[str, float]:
    """AUC of each field; where it is tested in several ways the highest counts."""
    best: dict[str, float] = {}
    for name, values in columns.items():
        if name[-1] in "=?":
            auc = rank_auc(cross_fitted(values[rows], positive, accounts), positive)
        else:
            auc = two_sided_auc(values[rows], positive)
        field = name.rstrip("=?")
        best[field] = max(auc, best.get(field, 0.0))
    return best


def cross_fitted(codes: Ints, positive: Flags, accounts: Ints) -> Floats:
    """Target encoding of categories, each account scored by what the others showed."""
    fold = (mix(accounts, 7) % np.uint64(_FOLDS)).astype(np.int64)
    weight = np.where(
        positive, 1.0 / max(int(positive.sum()), 1), 1.0 / max(int((~positive).sum()), 1)
    )
    scale = positive.size / 2.0
    size = int(codes.max()) + 1
    encoded = np.zeros(codes.size)
    for number in range(_FOLDS):
        learn, apply = fold != number, fold == number
        hits = np.bincount(codes[learn], weights=(weight * positive)[learn] * scale, minlength=size)
        total = np.bincount(codes[learn], weights=weight[learn] * scale, minlength=size)
        encoded[apply] = ((hits + 0.5 * _PRIOR) / (total + _PRIOR))[codes[apply]]
    return encoded


def two_sided_auc(values: Floats, positive: Flags) -> float:
    """AUC in the better direction."""
    auc = rank_auc(values, positive)
    return max(auc, 1.0 - auc)


def rank_auc(values: Floats, positive: Flags) -> float:
    """Probability that a positive ranks above a negative, ties counting half."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    hits, others = int(positive.sum()), int((~positive).sum())
    if not hits or not others:
        return 0.5
    total = float(ranks[inverse][positive].sum())
    return (total - hits * (hits + 1) / 2.0) / (hits * others)


def _number(record: Record, name: str) -> float:
    if name == "hour":
        return float(record["time"] % 86_400.0)
    if name == "age":
        created = record.get("account_created")
        return record["time"] - datetime.fromisoformat(created).timestamp() if created else -1.0
    if name.endswith("_length"):
        return float(len(record.get(name.removesuffix("_length"), "")))
    if name == "tools_offered":
        return float(len(record.get("tools", ())))
    value = record.get(name, -1.0)
    return float(len(value)) if isinstance(value, list) else float(value)


def _thinned(simulation: Simulation, harvest: Rows) -> Rows:
    """At most so many harvest requests of each campaign."""
    parts = []
    for campaign in simulation.campaigns:
        own = harvest[harvest["campaign"] == campaign.number]
        rng = simulation.streams.named("leakage", campaign.name)
        parts.append(own[rng.random(own.size) < _HARVEST / max(own.size, 1)])
    return join(parts)
