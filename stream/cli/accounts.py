"""`gauger accounts`: the accounts of a finding, for whoever acts upon them."""

# ruff: noqa: PLC0415 - what reads alerts is imported when it is needed, so that help is quick

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.alert_source import SourceOption, alert_events, life_of
from stream.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.score import ScoreRecord


def accounts(
    context: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="The finding.")],
    *,
    source: SourceOption = None,
    scores: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Score records: adds each account's own score."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the accounts of a finding, one a line.

    With --csv or --json also since when each is named, and how sure the finding is.
    """
    import orjson
    from msgspec import to_builtins

    from stream.errors import UsageError
    from stream.findings.containment import account_rows, as_csv
    from stream.terminal import printable

    if csv and json:
        raise UsageError("--csv and --json are two formats: choose one")
    life = life_of(alert_id, alert_events(context, source, config), source)
    rows = account_rows(life, _scores(scores) if scores else ())
    if json:
        typer.echo(orjson.dumps({"accounts": to_builtins(rows)}).decode())
    elif csv:
        typer.echo(as_csv(rows), nl=False)
    else:
        for row in rows:
            typer.echo(printable(row.account))


def _scores(path: str) -> Iterator[ScoreRecord]:
    from schemas.codec import decode_score
    from schemas.errors import InvalidRecord
    from stream.errors import FailedRun
    from stream.recordings.files import read_lines

    for number, line in read_lines(path):
        try:
            yield decode_score(line)
        except InvalidRecord as error:
            raise FailedRun(f"{path}: line {number}: not a score record: {error}") from error
