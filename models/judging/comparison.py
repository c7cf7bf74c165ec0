"""Comparing two alert event streams of the same traffic: what one finds and the other does not."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from models.judging.findings import Finding, Findings, in_order
from models.judging.overlap import Match, one_to_one
from schemas.alert import AlertEvent, Severity
from schemas.times import to_rfc3339


class FindingSummary(msgspec.Struct, frozen=True):
    """A finding in short: its latest title and severity, first event time, accounts named."""

    alert_id: str
    title: str
    severity: Severity
    time: str
    accounts: int


class Pair(msgspec.Struct, frozen=True):
    """The same matter as either stream tells it.

    Attributes:
        a: The finding in the first stream.
        b: The finding in the second stream.
        shared: Accounts that both name.
        only_a: Accounts that only the first names, sorted.
        only_b: Accounts that only the second names, sorted.
        seconds: How much earlier the first stream has it; negative when the second is earlier.
    """

    a: FindingSummary
    b: FindingSummary
    shared: int
    only_a: list[str]
    only_b: list[str]
    seconds: float

    @property
    def same(self) -> bool:
        """Whether both tell the same: accounts, first time and severity."""
        differs = self.only_a or self.only_b or self.seconds
        return not differs and self.a.severity == self.b.severity


class Comparison(msgspec.Struct, frozen=True):
    """Two streams beside each other.

    Attributes:
        pairs: Findings of both, matched one to one by overlapping accounts.
        only_a: Findings of the first stream without a partner.
        only_b: Findings of the second stream without a partner.
        accounts_both: Accounts that both streams name, in whatever finding.
        accounts_only_a: Accounts named only by the first stream, in whatever finding.
        accounts_only_b: The same for the second.
    """

    pairs: list[Pair]
    only_a: list[FindingSummary]
    only_b: list[FindingSummary]
    accounts_both: int
    accounts_only_a: int
    accounts_only_b: int


def compare(a: Iterable[AlertEvent], b: Iterable[AlertEvent]) -> Comparison:
    """Compare two streams; events may come in any order, repeated ones count once."""
    left, right = _findings(a), _findings(b)
    matched = one_to_one([one.accounts for one in left], [one.accounts for one in right])
    with_partner_a = {match.left for match in matched}
    with_partner_b = {match.right for match in matched}
    named_a = {account for finding in left for account in finding.accounts}
    named_b = {account for finding in right for account in finding.accounts}
    return Comparison(
        pairs=[_pair(match, left[match.left], right[match.right]) for match in matched],
        only_a=[_short(one) for index, one in enumerate(left) if index not in with_partner_a],
        only_b=[_short(one) for index, one in enumerate(right) if index not in with_partner_b],
        accounts_both=len(named_a & named_b),
        accounts_only_a=len(named_a - named_b),
        accounts_only_b=len(named_b - named_a),
    )


def _findings(events: Iterable[AlertEvent]) -> list[Finding]:
    findings = Findings()
    for event in in_order(events):
        findings.add(event)
    return findings.all()


def _pair(match: Match, a: Finding, b: Finding) -> Pair:
    return Pair(
        a=_short(a),
        b=_short(b),
        shared=match.shared,
        only_a=sorted(a.accounts.keys() - b.accounts.keys()),
        only_b=sorted(b.accounts.keys() - a.accounts.keys()),
        seconds=(b.first_time - a.first_time) / 1e6,
    )


def _short(finding: Finding) -> FindingSummary:
    return FindingSummary(
        alert_id=finding.latest.alert_id,
        title=finding.latest.title,
        severity=finding.latest.severity,
        time=to_rfc3339(finding.first_time),
        accounts=len(finding.accounts),
    )
