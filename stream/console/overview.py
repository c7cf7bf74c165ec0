"""The overview: traffic, alerts and evidence over time, what leaked, and what the budget allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from models.options import BudgetOptions
from models.signals import SIGNALS
from schemas.alert import Severity
from schemas.times import to_microseconds
from stream.console.book import Book
from stream.console.cells import BUCKET, BUCKET_SECONDS
from stream.console.standing import Leak, leak, since_of
from stream.findings.lives import Life, status_of

_MOST_COLUMNS = 168
_DAY = 86_400
_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


class Series(msgspec.Struct, frozen=True):
    """Values by column of the time line, under a name."""

    name: str
    title: str
    values: list[float]


class BudgetUse(msgspec.Struct, frozen=True):
    """False alerts that are allowed for the time and traffic shown, and what was raised.

    Attributes:
        per_day, per_million: As the operator has set them; the stricter holds.
        days: Time shown.
        allowed: False alerts that the budget allows in it.
        raised: Findings that began in it.
        dismissed: Those of them that people dismissed or suppressed.
        confirmed: Those that people confirmed.
    """

    per_day: float
    per_million: float
    days: float
    allowed: float
    raised: int
    dismissed: int
    confirmed: int


class Overview(msgspec.Struct, frozen=True):
    """What the first page shows; columns are of `step` seconds from `start` on (Unix seconds)."""

    start: int
    step: int
    requests: list[int]
    refused: list[int]
    tokens: list[int]
    alerts: list[Series]
    evidence: list[Series]
    totals: dict[str, int]
    leak: Leak
    budget: BudgetUse


def overview(book: Book, budget: BudgetOptions) -> Overview:
    """The first page, as it stands."""
    start, step, columns = _time_line(book)
    traffic = _columns(book.traffic.totals, start, step, columns)
    lives = list(book.lives.values())
    return Overview(
        start=start,
        step=step,
        requests=traffic[:, 0].tolist(),
        refused=traffic[:, 1].tolist(),
        tokens=traffic[:, 2].tolist(),
        alerts=_alerts(lives, start, step, columns),
        evidence=_evidence(lives, start, step, columns),
        totals=_totals(book, lives),
        leak=_leak(book, lives),
        budget=_budget(book, lives, budget, columns * step / _DAY),
    )


def _time_line(book: Book) -> tuple[int, int, int]:
    """Start (Unix seconds), length of a column (seconds), number of columns."""
    times = [to_microseconds(event.time, "time") for life in book.lives.values() for event in life]
    buckets = [*(time // BUCKET for time in times), *(book.traffic.span() or ())]
    if not buckets:
        return 0, BUCKET_SECONDS, 0
    first, last = min(buckets), max(buckets)
    wide = -(-(last - first + 1) // _MOST_COLUMNS)
    first -= first % wide
    return first * BUCKET_SECONDS, wide * BUCKET_SECONDS, (last - first) // wide + 1


def _columns(totals: Mapping[int, np.ndarray], start: int, step: int, columns: int) -> np.ndarray:
    out = np.zeros((columns, 3), np.int64)
    for bucket, counts in totals.items():
        out[(bucket * BUCKET_SECONDS - start) // step] += counts
    return out


def _column(time: str, start: int, step: int) -> int:
    return (to_microseconds(time, "time") // 1_000_000 - start) // step


def _alerts(lives: Sequence[Life], start: int, step: int, columns: int) -> list[Series]:
    """Alert events by severity, those that close a finding apart."""
    counts = {severity: [0.0] * columns for severity in _SEVERITIES}
    for event in (event for life in lives for event in life):
        if event.activity != "close" and event.severity in counts:
            counts[event.severity][_column(event.time, start, step)] += 1
    return [Series(name, name, values) for name, values in counts.items()]


def _evidence(lives: Sequence[Life], start: int, step: int, columns: int) -> list[Series]:
    """Weights of the evidence of alert events by signal, the heaviest signal first."""
    titles = {signal.id: signal.title for signal in SIGNALS.values()}
    weights: dict[str, list[float]] = {}
    for event in (event for life in lives for event in life if event.activity != "close"):
        for piece in event.evidence:
            values = weights.setdefault(piece.signal, [0.0] * columns)
            values[_column(event.time, start, step)] += max(piece.weight, 0.0)
    heaviest = sorted(weights.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [Series(name, titles.get(name, name), values) for name, values in heaviest]


def _totals(book: Book, lives: Sequence[Life]) -> dict[str, int]:
    stand = [status_of(life) for life in lives]
    standing = [life for life in lives if status_of(life) != "dismissed"]
    named = {account for life in standing for account in book.named(life[-1].alert_id)}
    return {
        "requests": book.traffic.requests,
        "accounts": len(book.traffic.accounts),
        "findings": len(lives),
        "open": stand.count("open"),
        "closed": stand.count("closed"),
        "dismissed": stand.count("dismissed"),
        "named": len(named),
    }


def _leak(book: Book, lives: Iterable[Life]) -> Leak:
    """Of all findings that nobody has dismissed; an account of several counts in the first."""
    named: dict[str, int] = {}
    since: list[int] = []
    for life in lives:
        if status_of(life) != "dismissed" and not _is(book, life, "dismiss"):
            since.append(since_of(life))
            for account, time in book.named(life[-1].alert_id).items():
                named[account] = min(time, named.get(account, time))
    return leak(book.traffic, named, min(since, default=0))


def _is(book: Book, life: Life, verdict: str) -> bool:
    said = book.verdict(life[-1].alert_id)
    return said is not None and said.verdict == verdict


def _budget(book: Book, lives: Sequence[Life], options: BudgetOptions, days: float) -> BudgetUse:
    by_traffic = book.traffic.requests / 1e6 * options.false_alerts_per_million
    dismissed = [life for life in lives if status_of(life) == "dismissed"]
    said = [life for life in lives if _is(book, life, "dismiss") and life not in dismissed]
    return BudgetUse(
        per_day=options.false_alerts_per_day,
        per_million=options.false_alerts_per_million,
        days=days,
        allowed=min(by_traffic, days * options.false_alerts_per_day),
        raised=len(lives),
        dismissed=len(dismissed) + len(said),
        confirmed=sum(_is(book, life, "confirm") for life in lives),
    )
