"""The accounts of a finding as a table, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

import msgspec

from models.requests.batch import MEASURES
from schemas.facts import FactsRecord
from schemas.score import ScoreRecord
from schemas.times import to_rfc3339
from stream.console.book import Book
from stream.console.profile import PLAN_NAMES
from stream.console.traffic import Traffic, tie_key
from stream.findings.containment import account_rows, as_csv

_REQUESTS, _REFUSED, _TOKENS = (MEASURES.index(name) for name in ("requests", "refused", "tokens"))


class Member(msgspec.Struct, frozen=True):
    """An account of a finding; None where the traffic that was read has nothing of it.

    Attributes:
        account: Its name.
        named: When an alert first named it.
        ties: How many of the listed ties it has shown.
        requests, refused, tokens: In the traffic read.
        first, last: Its first and last request there.
        plan: As facts say, else the group of plans that requests name.
        status: `active`, `limited` or `banned`, as facts say.
        score: Its latest score of its own.
    """

    account: str
    named: str
    ties: int | None
    requests: int | None
    refused: int | None
    tokens: int | None
    first: str | None
    last: str | None
    plan: str | None
    status: str | None
    score: float | None


class Members(msgspec.Struct, frozen=True):
    """Some accounts, of so many that fit."""

    rows: list[Member]
    total: int


SORTS = frozenset(Member.__struct_fields__)
"""What members can be sorted by."""


def members(
    book: Book, alert_id: str, text: str = "", sort: str = "named", *, down: bool = False,
    start: int = 0, most: int = 100,
) -> Members:  # fmt: skip
    """Accounts of a finding whose name holds a text; what is not known comes last.

    Raises:
        KeyError: There is no such finding, or nothing to sort by of that name.
    """
    if sort not in SORTS:
        raise KeyError(sort)
    wanted, named = text.casefold(), book.named(alert_id)
    names = [name for name in named if wanted in name.casefold()]
    ties, seen = _ties(book, alert_id), _seen(book.traffic, names)
    rows = [_member(book, name, named[name], ties, seen.get(name)) for name in names]
    value: Callable[[Member], object] = attrgetter(sort)
    known = sorted((one for one in rows if value(one) is not None), key=attrgetter("account"))
    known.sort(key=value, reverse=down)  # type: ignore[arg-type]  # fields of one kind compare
    unknown = [one for one in rows if value(one) is None]
    return Members([*known, *unknown][start : start + most], len(rows))


def _ties(book: Book, alert_id: str) -> Counter[str] | None:
    """Ties that each account has shown, of those listed; None where nobody has shown any."""
    shown: Counter[str] = Counter()
    for digest in {tie.digest for event in book.lives[alert_id] for tie in event.ties}:
        shown.update(book.traffic.shown.get(tie_key(digest), {}).keys())
    return shown or None


class _Seen(NamedTuple):
    """What the traffic read has of an account."""

    requests: int
    refused: int
    tokens: int
    first: int
    last: int
    plan: int


def _seen(traffic: Traffic, names: list[str]) -> dict[str, _Seen]:
    rows = traffic.rows(names)
    table = traffic.accounts.table[rows]
    columns = [table["measures"][:, place] for place in (_REQUESTS, _REFUSED, _TOKENS)]
    columns += [table[name] for name in ("first", "last", "plan")]
    found = zip(*(column.tolist() for column in columns), strict=True)
    return {
        traffic.accounts.names[row]: _Seen(*values)
        for row, values in zip(rows.tolist(), found, strict=True)
    }


def _member(
    book: Book, name: str, named: int, ties: Counter[str] | None, seen: _Seen | None
) -> Member:
    facts, score = book.facts.get(name), book.score(name)
    return Member(
        account=name,
        named=to_rfc3339(named),
        ties=None if ties is None else ties[name],
        requests=None if seen is None else seen.requests,
        refused=None if seen is None else seen.refused,
        tokens=None if seen is None else seen.tokens,
        first=None if seen is None else to_rfc3339(seen.first),
        last=None if seen is None else to_rfc3339(seen.last),
        plan=_plan(facts, 0 if seen is None else seen.plan),
        status=facts.status if facts else None,
        score=None if score is None else score.score,
    )


def _plan(facts: FactsRecord | None, group: int) -> str | None:
    if facts is not None and facts.plan is not None:
        return facts.plan
    return PLAN_NAMES[group] if group else None


def export(book: Book, alert_id: str) -> str:
    """All accounts of a finding as CSV, as `gauger accounts --csv` writes them.

    Raises:
        KeyError: There is no such finding.
    """
    scores = (book.score(name) for name in book.named(alert_id))
    known: list[ScoreRecord] = [score for score in scores if score is not None]
    return as_csv(account_rows(book.lives[alert_id], known))
