"""The page of a finding, but for its accounts: why, since when, what people said of it."""

from __future__ import annotations

import msgspec

from stream.console.book import Book
from stream.console.standing import Leak, Row, Said, leak, row, since_of, told
from stream.findings.lives import Explanation, Life, explain, status_of

_SEVERITIES = ("critical", "high", "medium", "low", "info")
_SHOWN_NAMES = 20


class Listed(msgspec.Struct, frozen=True):
    """Some findings, of so many that fit."""

    rows: list[Row]
    total: int


class Page(msgspec.Struct, frozen=True):
    """A finding; `explanation` has its first twenty accounts alone, `accounts_total` counts all.

    `sequence` is that of its latest event: what a verdict on this page is about.
    """

    row: Row
    sequence: int
    explanation: Explanation
    accounts_total: int
    said: list[Said]
    leak: Leak
    traffic_known: bool


def listed(book: Book, text: str, status: str, start: int, most: int) -> Listed:
    """Findings whose title, id, ties or accounts hold a text, those that matter most first."""
    lives = [life for life in book.lives.values() if not status or status_of(life) == status]
    if text:
        lives = [life for life in lives if _holds(book, life, text.casefold())]
    rows = [row(life, book.verdict(life[-1].alert_id)) for life in lives]
    rows.sort(key=_rank)
    return Listed(rows[start : start + most], len(rows))


def _rank(one: Row) -> tuple[int, int, str, str]:
    stand = ("open", "closed", "dismissed").index(one.status)
    return stand, _SEVERITIES.index(one.severity), _later_first(one.raised), one.alert_id


def _later_first(time: str) -> str:
    """A text that sorts the other way round than a time."""
    return time.translate(_REVERSED)


_REVERSED = str.maketrans("0123456789", "9876543210")


def _holds(book: Book, life: Life, text: str) -> bool:
    latest = life[-1]
    values = (word for tie in latest.ties for word in (tie.digest, tie.value or ""))
    return any(
        text in each.casefold()
        for each in (latest.alert_id, latest.title, *values, *book.named(latest.alert_id))
    )


def page(book: Book, alert_id: str) -> Page:
    """The page of a finding.

    Raises:
        KeyError: There is none of that id.
    """
    life = book.lives[alert_id]
    named = book.named(alert_id)
    whole = explain(life)
    return Page(
        row=row(life, book.verdict(alert_id)),
        sequence=life[-1].sequence,
        explanation=msgspec.structs.replace(whole, accounts=whole.accounts[:_SHOWN_NAMES]),
        accounts_total=len(named),
        said=_said(book, life),
        leak=leak(book.traffic, named, since_of(life)),
        traffic_known=bool(book.traffic.requests),
    )


def _said(book: Book, life: Life) -> list[Said]:
    records = book.verdicts.get(life[-1].alert_id, [])
    return [told(record, life) for record in reversed(records)]
