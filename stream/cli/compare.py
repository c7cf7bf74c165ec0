"""`gauger compare`: what one configuration or version finds and the other does not."""

# ruff: noqa: PLC0415 - the comparison is imported when it is needed, so that help is quick

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import JsonOption

if TYPE_CHECKING:
    from models.judging.comparison import Comparison, FindingSummary, Pair

_SHOWN = 5


def compare(
    alerts_a: Annotated[str, typer.Argument(metavar="ALERTS_A", help="Alert events, JSON lines.")],
    alerts_b: Annotated[str, typer.Argument(metavar="ALERTS_B", help="Those to compare with.")],
    *,
    json: JsonOption = False,
) -> None:
    """Show how two alert files differ."""
    from models.judging.comparison import compare as compare_streams
    from schemas.codec import encode
    from stream.recordings.files import read_alerts

    result = compare_streams(read_alerts(alerts_a), read_alerts(alerts_b))
    if json:
        typer.echo(encode(result).decode())
        return
    for line in comparison_lines(result):
        typer.echo(line)


def comparison_lines(result: Comparison) -> Iterator[str]:
    """The comparison for a person: differences first, sums last."""
    for pair in result.pairs:
        yield from _pair_lines(pair)
    for label, findings in (("A", result.only_a), ("B", result.only_b)):
        for finding in findings:
            yield f"only {label}  {_finding(finding)}"
    same = sum(pair.same for pair in result.pairs)
    yield (
        f"{len(result.pairs)} in both ({same} the same), {len(result.only_a)} only in A, "
        f"{len(result.only_b)} only in B"
    )
    yield (
        f"accounts: {result.accounts_both:,} in both, {result.accounts_only_a:,} only in A, "
        f"{result.accounts_only_b:,} only in B"
    )


def _pair_lines(pair: Pair) -> Iterator[str]:
    if pair.same:
        yield f"same    {_finding(pair.a)}"
        return
    yield f"differ  {_finding(pair.a)}"
    if pair.a.title != pair.b.title:
        yield f"        B calls it {pair.b.title}"
    if pair.a.severity != pair.b.severity:
        yield f"        severity {pair.a.severity} in A, {pair.b.severity} in B"
    if pair.seconds:
        earlier = "A" if pair.seconds > 0 else "B"
        yield f"        {earlier} alerts {abs(pair.seconds) / 3600:.2f} h earlier"
    for label, accounts in (("A", pair.only_a), ("B", pair.only_b)):
        if accounts:
            yield f"        only in {label}: {_some(accounts)}"


def _finding(finding: FindingSummary) -> str:
    time = finding.time[:16].replace("T", " ")
    return f"{finding.severity:<8} {time}Z {finding.accounts:>6,} accounts  {finding.title}"


def _some(accounts: list[str]) -> str:
    rest = len(accounts) - _SHOWN
    return ", ".join(accounts[:_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")
