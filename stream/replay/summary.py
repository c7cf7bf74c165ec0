"""What a replay found, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from models.judging.findings import Finding
from schemas.alert import Evidence, Response, Severity, TieRecord
from schemas.times import to_rfc3339
from stream.replay.replay import Ending, Replayed
from stream.replay.run import Run

_NAMED_IN_TEXT = 8
_TIES_IN_TEXT = 5


class FindingReport(msgspec.Struct, frozen=True):
    """One finding as its latest event tells it, with all accounts named so far."""

    alert_id: str
    title: str
    severity: Severity
    time: str
    accounts: list[str]
    requests: int
    first_seen: str
    last_seen: str
    p_value: float
    evidence: list[Evidence]
    ties: list[TieRecord]
    response: Response


class Counts(msgspec.Struct, frozen=True):
    """What was read and held. `lines` and `bad` are of this replay, the rest of the whole run."""

    lines: int
    bad: int
    bad_facts: int
    bad_feedback: int
    events: int
    duplicates: int
    reused_ids: int
    late: int
    parked: int
    accounts: int
    ties: int
    epochs: int
    evicted_accounts: int
    evicted_ties: int
    confirmed: int
    dismissed: int
    unknown_verdicts: int
    unknown_fields: dict[str, int]
    dropped_sketches: dict[str, int]


class Summary(msgspec.Struct, frozen=True):
    """A replay in one object.

    Attributes:
        ending: `done`, `interrupted` or `too many bad lines`.
        findings: The most severe first, then the earliest.
        counts: What was read and held.
        watermark: Event time passed.
        learning_until: Until when nothing is alerted because the population is still being
            learned; None when that is over.
        truncated: Recordings that broke off.
        seconds: Wall clock time.
        events_per_second: Lines read by wall clock time.
    """

    ending: Ending
    findings: list[FindingReport]
    counts: Counts
    watermark: str | None
    learning_until: str | None
    truncated: list[str]
    seconds: float
    events_per_second: float


_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")


def summarise(result: Replayed, run: Run, seconds: float) -> Summary:
    """Sum a replay up; `seconds` is the wall clock time that it took."""
    reports = [_report(finding) for finding in result.findings]
    return Summary(
        ending=result.ending,
        findings=sorted(reports, key=lambda one: (_SEVERITIES.index(one.severity), one.time)),
        counts=_counts(result, run),
        watermark=_time(run.watermark),
        learning_until=_time(run.learning_until),
        truncated=result.truncated,
        seconds=round(seconds, 3),
        events_per_second=round(result.lines / max(seconds, 1e-9), 1),
    )


def summary_lines(summary: Summary) -> Iterator[str]:
    """The summary for a person: findings first, counts last."""
    if summary.ending != "done":
        yield f"{summary.ending.capitalize()}: what follows was found so far."
    if summary.learning_until:
        yield (
            "Still learning what is ordinary: nothing is alerted before "
            f"{short_time(summary.learning_until)}."
        )
    yield counted(len(summary.findings), "finding")
    for number, report in enumerate(summary.findings, 1):
        yield ""
        yield from _finding_lines(number, report)
    yield ""
    yield from _count_lines(summary)


def _report(finding: Finding) -> FindingReport:
    latest = finding.latest
    return FindingReport(
        alert_id=latest.alert_id,
        title=latest.title,
        severity=latest.severity,
        time=to_rfc3339(finding.first_time),
        accounts=list(finding.accounts),
        requests=latest.requests,
        first_seen=latest.first_seen,
        last_seen=latest.last_seen,
        p_value=latest.p_value,
        evidence=latest.evidence,
        ties=latest.ties,
        response=latest.response,
    )


def _counts(result: Replayed, run: Run) -> Counts:
    counters = run.counters
    return Counts(
        lines=result.lines,
        bad=result.bad,
        bad_facts=result.bad_facts,
        bad_feedback=result.bad_feedback,
        events=counters.events,
        duplicates=counters.duplicates,
        reused_ids=counters.reused_ids,
        late=counters.late,
        parked=counters.parked,
        accounts=counters.accounts,
        ties=counters.ties,
        epochs=counters.epochs,
        evicted_accounts=counters.evicted_accounts,
        evicted_ties=counters.evicted_ties,
        confirmed=counters.confirmed,
        dismissed=counters.dismissed,
        unknown_verdicts=counters.unknown_verdicts,
        unknown_fields=dict(counters.unknown_fields),
        dropped_sketches=dict(counters.dropped_sketches),
    )


def _finding_lines(number: int, report: FindingReport) -> Iterator[str]:
    yield f"{number}. {report.severity.upper()}  {report.title}"
    yield (
        f"   {counted(len(report.accounts), 'account')}, {counted(report.requests, 'request')}, "
        f"seen {short_time(report.first_seen)} to {short_time(report.last_seen)}, "
        f"alerted {short_time(report.time)}"
    )
    for label, texts in (
        ("why", [evidence.text for evidence in report.evidence]),
        ("ties", [_tie(tie) for tie in report.ties[:_TIES_IN_TEXT]]),
        ("do", [f"{report.response.action}: {report.response.reason}"]),
        ("who", [_some(report.accounts)]),
        ("id", [report.alert_id]),
    ):
        for row, text in enumerate(texts):
            yield f"   {label if row == 0 else '':<5}{text}"


def _tie(tie: TieRecord) -> str:
    shown = tie.digest if tie.value is None else tie.value
    return f"{tie.kind} {shown}, {counted(tie.accounts, 'account')}"


def _some(accounts: Sequence[str]) -> str:
    rest = len(accounts) - _NAMED_IN_TEXT
    named = ", ".join(accounts[:_NAMED_IN_TEXT])
    return f"{named} and {rest:,} more" if rest > 0 else named


def _count_lines(summary: Summary) -> Iterator[str]:
    counts = summary.counts
    until = f" up to {short_time(summary.watermark)}" if summary.watermark else ""
    yield (
        f"{counted(counts.lines, 'line')} in {summary.seconds:,.1f} s "
        f"({summary.events_per_second:,.0f}/s){until}"
    )
    yield (
        f"{counted(counts.events, 'request')}, {counted(counts.bad, 'bad line')}, "
        f"{counted(counts.duplicates, 'duplicate')}, {counted(counts.reused_ids, 'reused id')}, "
        f"{counts.late:,} late, {counts.parked:,} parked"
    )
    yield (
        f"{counted(counts.accounts, 'account')}, {counted(counts.ties, 'tie')}, "
        f"{counted(counts.epochs, 'closed epoch')}"
    )
    if counts.evicted_accounts or counts.evicted_ties:
        yield (
            f"{counted(counts.evicted_accounts, 'account')} and "
            f"{counted(counts.evicted_ties, 'tie')} dropped to stay within [memory]"
        )
    if counts.confirmed or counts.dismissed or counts.unknown_verdicts:
        yield (
            f"verdicts: {counts.confirmed:,} confirmed, {counts.dismissed:,} dismissed, "
            f"{counts.unknown_verdicts:,} on alerts that are unknown"
        )
    if counts.bad_feedback:
        yield f"{counted(counts.bad_feedback, 'bad line')} of feedback"
    if counts.bad_facts:
        yield f"{counted(counts.bad_facts, 'bad line')} of facts"
    if counts.dropped_sketches:
        reasons = sorted(counts.dropped_sketches.items())
        yield "sketches dropped: " + ", ".join(f"{reason} ({count:,})" for reason, count in reasons)
    if counts.unknown_fields:
        ranked = sorted(counts.unknown_fields.items(), key=lambda item: (-item[1], item[0]))
        yield "unknown fields: " + ", ".join(f"{name} ({count:,})" for name, count in ranked[:10])


def short_time(time: str) -> str:
    """A time of ours to the minute, for a person."""
    return f"{time[:16].replace('T', ' ')}Z"


def counted(count: int, word: str) -> str:
    """A count and what it counts."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else to_rfc3339(microseconds)
