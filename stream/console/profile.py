"""The page of an account: what it does, beside those on the same kind of plan."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.requests.batch import BREADTHS, MEASURES, PLANS
from schemas.facts import FactsRecord
from schemas.score import ScoreRecord
from schemas.times import to_rfc3339
from stream.console.accounts import Records
from stream.console.book import Book
from stream.console.cells import BUCKET_SECONDS, buckets_of
from stream.console.ranked import Standing, standing_of
from stream.console.standing import Row, row

PLAN_NAMES = (
    "no known plan",
    "free",
    "pay as you go",
    "pro, team or plus",
    "enterprise",
    "education, research or start-up",
)
"""Names of the plan groups of `models.requests.batch.PLANS`."""

_LEAST_COHORT = 30
_MOST_COLUMNS = 240
_UNIT = 256.0
_BITS = 64
_DAY = 86_400e6

Numbers = NDArray[np.float64]
Figure = Callable[[Records], Numbers]


class Compared(msgspec.Struct, frozen=True):
    """One figure of an account beside its cohort's.

    Attributes:
        name: What it is.
        unit: `count`, `share`, `tokens` or `days`.
        value: The account's; None where it is not known.
        low, middle, high: A tenth, a half, nine tenths of the cohort are at most there.
        below: Share of the cohort that is below the account.
    """

    name: str
    unit: str
    value: float | None
    low: float
    middle: float
    high: float
    below: float | None


class Profile(msgspec.Struct, frozen=True):
    """An account.

    Attributes:
        account: Its name.
        known: Whether the traffic read has anything of it.
        plan: Group of plans.
        cohort: Who it is compared with; `cohort_size`: how many that are.
        created, first, last: Sign-up, first and last request; None where not known.
        figures: What it does, beside its cohort.
        standing: Where its features stand among those of its cohort.
        start, step, requests: Requests by time: columns of `step` seconds from `start` on.
        findings: Findings that name it.
        score: Its latest score of its own, of the epoch that began at `score_time`.
        facts: What facts say of it.
    """

    account: str
    known: bool
    plan: str
    cohort: str
    cohort_size: int
    created: str | None
    first: str | None
    last: str | None
    figures: list[Compared]
    standing: Standing
    start: int
    step: int
    requests: list[int]
    findings: list[Row]
    score: ScoreRecord | None
    score_time: str | None
    facts: FactsRecord | None


def profile(book: Book, account: str) -> Profile:
    """The page of an account, of whichever name."""
    accounts = book.traffic.accounts
    place = accounts.row(account)
    table = accounts.table
    mine = table[place : place + 1] if place is not None else table[:0]
    plans = _plans(book)
    plan = int(plans[place]) if place is not None else 0
    alike = np.flatnonzero(plans == plan)
    small = len(alike) < _LEAST_COHORT
    cohort = table if small else table[alike]
    others = None if small else [accounts.names[row] for row in alike.tolist()]
    start, step, requests = _over_time(book, account)
    score = book.score(account)
    return Profile(
        account=account,
        known=bool(len(mine)),
        plan=PLAN_NAMES[plan],
        cohort="all accounts" if small else f"accounts ({PLAN_NAMES[plan]})",
        cohort_size=len(cohort),
        created=_time(mine["created"]),
        first=_time(mine["first"]),
        last=_time(mine["last"]),
        figures=[_compared(name, unit, of, mine, cohort) for name, (unit, of) in FIGURES.items()]
        if len(mine)
        else [],
        standing=standing_of(book, account, others),
        start=start,
        step=step,
        requests=requests,
        findings=[row(life, book.verdict(life[-1].alert_id)) for life in book.findings_of(account)],
        score=score,
        score_time=to_rfc3339(score.epoch * book.epoch_seconds * 1_000_000) if score else None,
        facts=book.facts.get(account),
    )


def _plans(book: Book) -> NDArray[np.int64]:
    """Plan groups of all accounts: as requests say, else as facts do."""
    accounts = book.traffic.accounts
    plans = accounts.table["plan"].copy()
    for name, facts in book.facts.items():
        row = accounts.row(name)
        if row is not None and not plans[row]:
            plans[row] = PLANS.get(facts.plan or "", 0)
    return plans


def _time(times: NDArray[np.int64]) -> str | None:
    return to_rfc3339(int(times[0])) if len(times) and times[0] else None


def _compared(name: str, unit: str, of: Figure, mine: Records, cohort: Records) -> Compared:
    value, others = float(of(mine)[0]), of(cohort)
    known = np.sort(others[~np.isnan(others)])
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9]).tolist() if len(known) else [0.0] * 3
    unknown = bool(np.isnan(value)) or not len(known)
    below = None if unknown else float(np.searchsorted(known, value) / len(known))
    return Compared(name, unit, None if np.isnan(value) else value, low, middle, high, below)


def _over_time(book: Book, account: str) -> tuple[int, int, list[int]]:
    cells = book.traffic.cells_of([account])
    if not len(cells):
        return 0, BUCKET_SECONDS, []
    buckets = buckets_of(cells)
    first, last = int(buckets.min()), int(buckets.max())
    wide = -(-(last - first + 1) // _MOST_COLUMNS)
    counts = np.bincount((buckets - first) // wide, weights=cells["requests"])
    return first * BUCKET_SECONDS, wide * BUCKET_SECONDS, counts.astype(np.int64).tolist()


def _measure(accounts: Records, name: str) -> Numbers:
    column: Numbers = accounts["measures"][:, MEASURES.index(name)].astype(np.float64)
    return column


def _ratio(above: str, under: str) -> Figure:
    def of(accounts: Records) -> Numbers:
        base = _measure(accounts, under)
        share = np.full(len(base), np.nan)
        np.divide(_measure(accounts, above), base, out=share, where=base > 0)
        return share

    return of


def _typical(logarithm: str, known: str) -> Figure:
    """The geometric mean of what was added up as logarithms."""
    mean = _ratio(logarithm, known)

    def of(accounts: Records) -> Numbers:
        typical: Numbers = np.exp2(mean(accounts) / _UNIT) - 1.0
        return typical

    return of


def _distinct(breadth: str) -> Figure:
    """Distinct values by linear counting in 64 bits."""

    def of(accounts: Records) -> Numbers:
        bits = accounts["marks"][:, BREADTHS.index(breadth)]
        free = _BITS - np.bitwise_count(bits).astype(np.float64)
        distinct: Numbers = np.rint(_BITS * np.log(_BITS / np.maximum(free, 0.5)))
        return distinct

    return of


def _age(accounts: Records) -> Numbers:
    created = np.where(accounts["created"] > 0, accounts["created"], np.nan)
    age: Numbers = np.maximum(accounts["first"] - created, 0.0) / _DAY
    return age


FIGURES: dict[str, tuple[str, Figure]] = {
    "Requests": ("count", lambda accounts: _measure(accounts, "requests")),
    "Tokens": ("tokens", lambda accounts: _measure(accounts, "tokens")),
    "Typical tokens read a request": ("tokens", _typical("log_input", "known_input")),
    "Typical tokens written a request": ("tokens", _typical("log_output", "known_output")),
    "Single-turn requests": ("share", _ratio("single_turn", "known_messages")),
    "Requests with reasoning": ("share", _ratio("reasoning", "requests")),
    "Refused": ("share", _ratio("refused", "requests")),
    "Failed": ("share", _ratio("failed", "requests")),
    "Cut off": ("share", _ratio("cut", "requests")),
    "Networks": ("count", _distinct("networks")),
    "Client programs": ("count", _distinct("clients")),
    "End users": ("count", _distinct("end_users")),
    "Models": ("count", _distinct("models")),
    "Sets of parameters": ("count", _distinct("shapes")),
    "Age at first request": ("days", _age),
}
"""Figures of accounts: their unit, and how they are made of what is kept."""
