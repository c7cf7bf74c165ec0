"""The accounts of a finding as rows that other tools act upon."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

import msgspec

from schemas.score import ScoreRecord
from stream.findings.lives import Life, accounts_of, status_of

_FORMULA = frozenset("=+-@\t\r\n")
"""Beginnings that make a spreadsheet compute a cell instead of showing it."""


class AccountRow(msgspec.Struct, frozen=True):
    """One account of a finding.

    Attributes:
        account: Its id.
        first_named: When an event first named it.
        alert_id: The finding.
        entity: The cluster.
        status: `open`, `closed` or `dismissed`.
        severity: That of the finding.
        action: What is advised for the finding.
        confidence: 1 − `q_value` of the finding: how many of its kind are true; not the account's.
        requests: Requests of the account in the epoch of its latest score; None without scores.
        score: Its latest score, which says how odd it is by itself; None without scores.
    """

    account: str
    first_named: str
    alert_id: str
    entity: str
    status: str
    severity: str
    action: str
    confidence: float
    requests: int | None
    score: float | None


def account_rows(life: Life, scores: Iterable[ScoreRecord] = ()) -> list[AccountRow]:
    """The accounts of a finding in the order in which they were named."""
    named, latest = accounts_of(life), life[-1]
    newest: dict[str, ScoreRecord] = {}
    for score in scores:
        account = score.entity.id
        if score.entity.kind == "account" and account in named:
            known = newest.get(account)
            newest[account] = score if known is None or score.epoch >= known.epoch else known
    return [
        AccountRow(
            account=account,
            first_named=time,
            alert_id=latest.alert_id,
            entity=latest.entity.id,
            status=status_of(life),
            severity=latest.severity,
            action=latest.response.action,
            confidence=1.0 - latest.q_value,
            requests=newest[account].requests if account in newest else None,
            score=newest[account].score if account in newest else None,
        )
        for account, time in named.items()
    ]


def as_csv(rows: Iterable[AccountRow]) -> str:
    """The rows as CSV (RFC 4180) with a header.

    A cell that a spreadsheet would compute gets an apostrophe in front.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(AccountRow.__struct_fields__)
    for row in rows:
        table.writerow(map(_cell, msgspec.structs.astuple(row)))
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Full-width signs compute as well.
    first = unicodedata.normalize("NFKC", value[:1])
    return f"'{value}" if first in _FORMULA else value
