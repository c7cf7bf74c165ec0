"""`gauger explain`: why a finding was made, over its life, and what to do about it."""

# ruff: noqa: PLC0415 - what reads alerts is imported when it is needed, so that help is quick

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.alert_source import SourceOption, alert_events, life_of
from stream.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from stream.findings.lives import Explanation, Guide, Step

_ACCOUNTS, _EXAMPLES = 20, 5
_WIDTH = 100


def explain(
    context: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="The finding.")],
    *,
    source: SourceOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Explain a finding: evidence, ties, accounts, life, techniques, look-alikes and runbooks."""
    from schemas.codec import encode
    from stream.findings.lives import explain as explain_life

    explanation = explain_life(life_of(alert_id, alert_events(context, source, config), source))
    if json:
        typer.echo(encode(explanation).decode())
        return
    for line in explanation_lines(explanation):
        typer.echo(line)


def explanation_lines(found: Explanation) -> Iterator[str]:
    """The explanation for a person."""
    from stream.replay.summary import counted, short_time
    from stream.terminal import printable

    yield f"{found.severity.upper()}  {printable(found.title)}  ({found.status})"
    yield (
        f"{counted(len(found.accounts), 'account')}, {counted(found.requests, 'request')}, "
        f"seen {short_time(found.first_seen)} to {short_time(found.last_seen)}; "
        f"{found.q_value:.2g} of findings as strong as this are false"
    )
    yield from _section("advice", [f"{found.response.action}: {printable(found.response.reason)}"])
    yield from _section(
        "why (value, what is usual, weight in log odds)",
        [
            f"{each.value:>12,.4g} {each.baseline:>10,.4g} {each.weight:>8.2f}  "
            f"{printable(each.text)}  [{printable(each.signal)}]"
            for each in found.evidence
        ],
    )
    yield from _section(
        "ties",
        [
            f"{printable(tie.kind)} {tie.digest}"
            + (f" {printable(tie.value)}" if tie.value else "")
            + f", {counted(tie.accounts, 'account')}"
            for tie in found.ties
        ],
    )
    yield from _section("accounts", _some([printable(each) for each in found.accounts], _ACCOUNTS))
    yield from _section(
        "requests to look up, the latest first",
        _some(
            [
                f"{each.time} {printable(each.account)} {printable(each.id)}"
                for each in found.examples
            ],
            _EXAMPLES,
        ),
    )
    yield from _section("life", [_step(step) for step in found.life])
    yield from _section(
        "techniques (MITRE ATLAS)",
        [f"{each.id} {each.name}: {', '.join(each.tactics)}" for each in found.techniques],
    )
    yield from _section("references", [printable(each) for each in found.references])
    for guide in found.guides:
        yield from _guide(guide)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _some(texts: list[str], most: int) -> list[str]:
    rest = len(texts) - most
    return [*texts[:most], f"and {rest:,} more (--json shows all)"] if rest > 0 else texts


def _step(step: Step) -> str:
    from stream.replay.summary import short_time

    return (
        f"{short_time(step.time)}  {step.activity:<7} {step.severity:<9}"
        f"{step.accounts_total:>6,} accounts (+{step.new_accounts:,}) "
        f"{step.requests:>9,} requests  {step.action}"
    )


def _guide(guide: Guide) -> Iterator[str]:
    yield ""
    yield f"{guide.title}  [{guide.signal}]"
    yield from (f"  {line}" for line in wrap(guide.about, _WIDTH - 2))
    for title, texts in (("may be harmless", guide.lookalikes), ("check", guide.runbook)):
        yield f"  {title}:"
        for text in texts:
            yield from wrap(text, _WIDTH, initial_indent="    - ", subsequent_indent="      ")
