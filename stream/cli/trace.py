"""`gauger trace`: which exchanges went to a cluster."""

# ruff: noqa: PLC0415 - what reads alerts is imported when it is needed, so that help is quick

from __future__ import annotations

import os
from typing import Annotated

import typer

from stream.cli.alert_source import SourceOption, alert_events, life_of
from stream.cli.options import (
    ConfigOption,
    FormatOption,
    JsonOption,
    config_path,
    require_format,
    warn,
)


def trace(
    context: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="The finding.")],
    events: Annotated[
        list[str],
        typer.Option(
            metavar="FILE", help="Recorded traffic; may be given several times; - is stdin."
        ),
    ],
    *,
    source: SourceOption = None,
    input_format: FormatOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List which exchanges went to a finding's accounts: time, account and id of each request.

    All requests of all its accounts from the start of its activity on, by time. No texts: the id is
    what the provider looks an exchange up by.
    """
    from schemas.codec import encode
    from schemas.formats import input_format as decoder
    from stream.errors import FailedRun, UsageError
    from stream.findings.tracing import trace as trace_life
    from stream.replay.summary import counted
    from stream.settings import load_settings
    from stream.terminal import printable

    if source == "-" and "-" in events:
        raise UsageError("--from and --events cannot both be stdin")
    require_format(input_format)
    settings = load_settings(config_path(context, config), os.environ)
    decode = decoder(input_format or settings.kafka.input_format, settings.formats)
    found = trace_life(
        life_of(alert_id, alert_events(context, source, config), source), events, decode
    )
    if json:
        typer.echo(encode(found).decode())
    else:
        for each in found.requests:
            typer.echo(f"{each.time} {printable(each.account)} {printable(each.id)}")
        typer.echo(f"{counted(len(found.requests), 'request')} since {found.since}", err=True)
    if found.refused:
        warn(f"{counted(found.refused, 'record')} refused: gauger doctor FILE says why")
    if found.truncated:
        raise FailedRun("; ".join(found.truncated))
